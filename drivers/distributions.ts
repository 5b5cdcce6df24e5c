export interface Distribution {
  /** What reads its user data. */
  format: 'cloud-init' | 'ignition';
  /** Who logs in with the cluster's key pair. */
  user: string;
  /** Whether its packages can be installed on a machine that runs. */
  packages: boolean;
}

/** How machines are set up, by `os_distro` of their image. */
export const distributions: Readonly<Record<string, Distribution>> = {
  debian: { format: 'cloud-init', user: 'debian', packages: true },
  ubuntu: { format: 'cloud-init', user: 'ubuntu', packages: true },
  flatcar: { format: 'ignition', user: 'core', packages: false },
  'fedora-coreos': { format: 'ignition', user: 'core', packages: false },
};
