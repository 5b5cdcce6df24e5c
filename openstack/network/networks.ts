import { isUuid, onlyOne } from '../find.js';
import type { CallContext, Session } from '../session.js';

export interface Network {
  id: string;
  name: string;
  external: boolean;
  subnetIds: string[];
}

interface NetworkBody {
  id: string;
  name: string;
  'router:external': boolean;
  subnets: string[];
}

/**
 * `external` keeps to networks that floating IPs come from.
 * @throws ServiceError `ambiguous` when several networks have the name.
 */
export async function findNetwork(
  session: Session,
  ctx: CallContext,
  idOrName: string,
  filter: { external?: true } = {},
): Promise<Network | undefined> {
  const list = async (query: { id: string } | { name: string }): Promise<Network[]> => {
    const { body } = await session.request<{ networks: NetworkBody[] }>(ctx, {
      service: 'network',
      method: 'GET',
      path: '/networks',
      query: { ...query, 'router:external': filter.external },
    });
    return body.networks.map(readNetwork);
  };
  const byId = isUuid(idOrName) ? await list({ id: idOrName }) : [];
  return byId[0] ?? onlyOne(await list({ name: idOrName }), 'network', idOrName);
}

function readNetwork(body: NetworkBody): Network {
  return { id: body.id, name: body.name, external: body['router:external'], subnetIds: body.subnets };
}
