import { REGION } from './identity/catalog.js';
import { SEED_PASSWORD } from './seed.js';

/** Lines for a shell that make OpenStack's clients speak to the cloud as a seeded user, on the project of that name. */
export function openrc(authUrl: string, user: string): string {
  const settings = {
    OS_AUTH_URL: `${authUrl}/v3`,
    OS_IDENTITY_API_VERSION: '3',
    OS_USERNAME: user,
    OS_PASSWORD: SEED_PASSWORD,
    OS_PROJECT_NAME: user,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: REGION,
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `export ${name}=${value}`)
    .join('\n')}\n`;
}
