import axios from 'axios';

/** A plain member of a project, who has logged in and asks as `openstack coe` does. */
export interface Member {
  userId: string;
  projectId: string;
  headers: Record<string, string>;
}

interface TokenBody {
  token: { user: { id: string }; project: { id: string } };
}

export interface Login {
  user: string;
  password: string;
  project: string;
}

const DEMO: Login = { user: 'demo', password: 'secret', project: 'demo' };

export async function logIn(authUrl: string, { user, password, project }: Login = DEMO): Promise<Member> {
  const domain = { name: 'Default' };
  const { data, headers } = await axios.post<TokenBody>(`${authUrl}/auth/tokens`, {
    auth: {
      identity: { methods: ['password'], password: { user: { name: user, password, domain } } },
      scope: { project: { name: project, domain } },
    },
  });
  return {
    userId: data.token.user.id,
    projectId: data.token.project.id,
    headers: { 'X-Auth-Token': String(headers['x-subject-token']), 'OpenStack-API-Version': 'container-infra latest' },
  };
}
