import type { Playing } from '../cloud.js';

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ramMib: number;
  diskGib: number;
}

export interface Keypair {
  userId: string;
  name: string;
  publicKey: string;
  fingerprint: string;
}

export interface Server {
  id: string;
  name: string;
  userId: string;
  projectId: string;
  status: 'BUILD' | 'REBUILD' | 'ACTIVE' | 'ERROR' | 'DELETED';
  fault: { code: number; message: string; at: number } | undefined;
  flavorId: string;
  imageId: string;
  keyName: string | undefined;
  metadata: Record<string, string>;
  userData: string;
  availabilityZone: string;
  configDrive: boolean;
  groupId: string | undefined;
  portIds: string[];
  /** Ports that Nova made and takes along when the server goes. */
  ownPortIds: string[];
  createdAt: number;
  /** What was done with it, the newest first. */
  actions: ServerAction[];
  playing: Playing | undefined;
}

export interface ServerAction {
  action: 'create' | 'rebuild';
  requestId: string;
  userId: string;
  at: number;
}

export interface ServerGroup {
  id: string;
  name: string;
  projectId: string;
  userId: string;
  policies: string[];
}

export class ComputeState {
  /** Of availability; a server that names none is made in the first. */
  readonly zones: [string, ...string[]] = ['nova', 'edge'];
  readonly flavors = new Map<string, Flavor>();
  /** By `userId name`. */
  readonly keypairs = new Map<string, Keypair>();
  readonly servers = new Map<string, Server>();
  readonly serverGroups = new Map<string, ServerGroup>();

  serversOf(projectId: string): Server[] {
    return [...this.servers.values()].filter((server) => server.projectId === projectId);
  }

  keypair(userId: string, name: string): Keypair | undefined {
    return this.keypairs.get(`${userId} ${name}`);
  }

  addKeypair(keypair: Keypair): void {
    this.keypairs.set(`${keypair.userId} ${keypair.name}`, keypair);
  }

  removeKeypair(userId: string, name: string): boolean {
    return this.keypairs.delete(`${userId} ${name}`);
  }
}
