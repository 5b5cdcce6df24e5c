/** What the demo orders, and the orchestrator's own words for it. */
export interface Orchestrator {
  /** As the API knows it. */
  coe: string;
  /** What a node is that decides with the others. */
  master: string;
  /** How users get at their cluster. */
  access: (cluster: string) => string;
}

/** By what `--coe` names. */
export const ORCHESTRATORS: Readonly<Record<string, Orchestrator>> = {
  kubernetes: {
    coe: 'kubernetes',
    master: 'master',
    access: (cluster) => `  eval $(openstack coe cluster config ${cluster} --force)   # writes ./config, for kubectl

The machines of this cloud are played: enrolment, certificates and health are real, no container runs. On a cloud with
real machines the next line is: kubectl get nodes`,
  },
  mesos: {
    coe: 'mesos',
    master: 'master',
    access: (
      cluster,
    ) => `  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=me -out me.csr
  openstack coe ca show ${cluster} > ca.pem
  openstack coe ca sign ${cluster} me.csr > cert.pem

The machines of this cloud are played: enrolment, certificates and health are real, no container runs. On a cloud with
real machines the next line is: curl --cacert ca.pem --cert cert.pem --key key.pem <api_address>/v2/info`,
  },
  swarm: {
    coe: 'swarm-mode',
    master: 'manager',
    access: (
      cluster,
    ) => `  eval $(openstack coe cluster config ${cluster} --force)   # writes ca.pem, cert.pem and key.pem, for docker

The machines of this cloud are played: enrolment, certificates and health are real, no container runs. On a cloud with
real machines the next line is: docker node ls`,
  },
};

export const DEFAULT_ORCHESTRATOR = 'kubernetes';
