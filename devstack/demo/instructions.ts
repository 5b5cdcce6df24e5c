import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { DemoUser } from './client.js';
import type { Orchestrator } from './orchestrators.js';
import type { Snapshot } from './screen.js';

/** Writes `openrc` into `folder` and says how to go on; every line works as printed. */
export function writeInstructions(
  folder: string,
  user: DemoUser,
  apiUrl: string,
  { cluster }: Snapshot,
  { access }: Orchestrator,
): string {
  const file = resolve(folder, 'openrc');
  writeFileSync(file, openrc(user));
  const shown = relative(process.cwd(), file);
  return `The API is at ${apiUrl} and stays up; Ctrl-C ends it. In another terminal, from this folder:

  source ${shown}

With the OpenStack client (Debian: apt-get install python3-openstackclient python3-magnumclient):

  openstack coe cluster list
  openstack coe cluster resize ${cluster.name} 3
  openstack coe cluster show ${cluster.name}
${access(cluster.name)}

With curl:

  TOKEN=$(curl -si -H 'Content-Type: application/json' -d "$BAYOU_LOGIN" $OS_AUTH_URL/v3/auth/tokens | sed -n 's/^x-subject-token: //Ip' | tr -d '\\r')
  curl -s -H "X-Auth-Token: $TOKEN" ${apiUrl}/clusters/${cluster.name}
  curl -s -H "X-Auth-Token: $TOKEN" ${apiUrl}/clusters/${cluster.name}/events
`;
}

function openrc(user: DemoUser): string {
  const login = {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: user.username, password: user.password, domain: { name: 'Default' } } },
      },
      scope: { project: { name: user.projectName, domain: { name: 'Default' } } },
    },
  };
  const values = {
    OS_AUTH_URL: user.authUrl,
    OS_IDENTITY_API_VERSION: '3',
    OS_USERNAME: user.username,
    OS_PASSWORD: user.password,
    OS_PROJECT_NAME: user.projectName,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    BAYOU_LOGIN: JSON.stringify(login),
  };
  return `${Object.entries(values)
    .map(([name, value]) => `export ${name}='${value}'`)
    .join('\n')}\n`;
}
