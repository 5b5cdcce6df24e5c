import type { Clock } from '../../common/clock.js';
import type { LoadedConfig } from '../../common/config/load.js';
import type { Config } from '../../common/config/schema.js';
import type { Ids } from '../../common/ids.js';
import { Session } from '../../openstack/session.js';
import { createTransport } from '../../openstack/transport.js';
import { withDevelopmentCloud } from '../development.js';
import { serviceUser, sessionDeps, trusteeDomainAdmin } from '../identities.js';
import { transportOptions } from '../service-clients.js';
import type { Patient } from './check.js';

export interface PatientDeps {
  clock: Clock;
  ids: Ids;
}

/** Nobody has logged in yet. Where no Keystone is configured, the development cloud is examined. */
export function patientOf(deps: PatientDeps, loaded: LoadedConfig, project: string | undefined): Patient {
  const developmentUrl = developmentAddress(loaded.config);
  const configured = loaded.config.keystoneAuthtoken.authUrl;
  const config =
    configured === undefined ? withDevelopmentCloud(loaded.config, `${developmentUrl}/identity`) : loaded.config;
  const transport = createTransport(transportOptions(config));
  const cloud = { ...sessionDeps({ ...deps, transport }, config), retries: 0 };
  const newServiceSession = () => new Session(cloud, serviceUser(config));
  return {
    ...deps,
    loaded: { ...loaded, config },
    transport,
    callMs: cloud.timeoutMs,
    authUrl: cloud.authUrl,
    isDevelopmentCloud: cloud.authUrl.startsWith(`${developmentUrl}/`),
    service: newServiceSession(),
    newServiceSession,
    domainAdmin: new Session(cloud, trusteeDomainAdmin(config)),
    accountSession: ({ userId, password, projectId }) =>
      new Session(cloud, { kind: 'password', user: { id: userId }, password, scope: { projectId } }),
    project,
  };
}

function developmentAddress({ developmentCloud: { host, port } }: Config): string {
  return `http://${host}:${port}`;
}
