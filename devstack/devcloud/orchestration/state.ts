import type { Cancel } from '../../../common/clock.js';
import type { Template } from './template.js';

export type StackAction = 'CREATE' | 'UPDATE' | 'DELETE';
export type Progress = 'IN_PROGRESS' | 'COMPLETE' | 'FAILED';

export interface StackResource {
  name: string;
  type: string;
  physicalId: string | undefined;
  action: StackAction;
  status: Progress;
  reason: string;
  /** Digests of the property values it was made with: an update compares them. */
  applied: Record<string, string>;
  /** How often it was made anew after what was made had failed. */
  retries: number;
  /** What failed is gone, and it is made anew at this time. */
  retryAt: number | undefined;
  /** Resources that must be there before it and may only go after it. */
  requires: string[];
  createdAt: number;
  updatedAt: number;
}

/** What happened to a resource. */
export interface StackEvent {
  id: string;
  resourceName: string;
  resourceType: string;
  physicalId: string | undefined;
  action: StackAction;
  status: Progress;
  reason: string;
  at: number;
}

export interface Stack {
  id: string;
  name: string;
  projectId: string;
  /** On whose behalf the resources are made. */
  userId: string;
  /** Made or last changed under this trust: Heat has its own under it and is lost without. */
  trustId?: string | undefined;
  template: Template;
  parameters: Record<string, unknown>;
  tags: string[];
  timeoutMinutes: number;
  disableRollback: boolean;
  action: StackAction;
  status: Progress;
  reason: string;
  createdAt: number;
  updatedAt: number | undefined;
  /** When the present action has taken too long. */
  deadlineAt: number;
  resources: Map<string, StackResource>;
  /** Oldest first; of a bounded number. */
  events: StackEvent[];
  /** Names that the present action has not come to. */
  pending: Set<string>;
  /** Begun and looked at until they are done. */
  settling: Set<StackResource>;
  /** Removed from the template or replaced: they go once everything else is done. */
  leaving: Set<StackResource>;
  cancelStep: Cancel;
}

const MAX_DELETED = 1000;

export class OrchestrationState {
  readonly stacks = new Map<string, Stack>();
  /** Deleted ones can still be looked at by id. */
  readonly #deleted = new Map<string, Stack>();

  stacksOf(projectId: string): Stack[] {
    return [...this.stacks.values()].filter((stack) => stack.projectId === projectId);
  }

  deleted(id: string): Stack | undefined {
    return this.#deleted.get(id);
  }

  bury(stack: Stack): void {
    this.stacks.delete(stack.id);
    this.#deleted.set(stack.id, stack);
    const [oldest] = this.#deleted.keys();
    if (this.#deleted.size > MAX_DELETED && oldest !== undefined) this.#deleted.delete(oldest);
  }
}
