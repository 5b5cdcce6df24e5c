/** What a volume and a snapshot have in common. */
export interface VolumeItem {
  id: string;
  name: string;
  /** Undefined where Cinder shows it to nobody but admins. */
  projectId: string | undefined;
  /** `available`, `in-use`, `error`, `deleting`, `error_deleting`, … */
  status: string;
  metadata: Readonly<Record<string, string>>;
}

/** As Cinder shows both. */
export interface Found {
  id: string;
  name: string | null;
  status: string;
  metadata: Record<string, string>;
}

export function readItem(body: Found, projectId: string | undefined): VolumeItem {
  const { id, name, status, metadata } = body;
  return { id, name: name ?? id, projectId, status, metadata };
}

/** An admin sees its own project's unless it asks for others'. */
export function ofProject(input: { projectId: string; isAdmin: boolean }): Record<string, string | boolean> {
  return input.isAdmin ? { all_tenants: true, project_id: input.projectId } : {};
}
