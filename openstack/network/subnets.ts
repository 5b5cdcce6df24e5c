import ipaddr from 'ipaddr.js';
import { isUuid, onlyOne } from '../find.js';
import type { CallContext, Session } from '../session.js';

export interface Subnet {
  id: string;
  name: string;
  networkId: string;
  cidr: string;
  gatewayIp: string | undefined;
  /** How many addresses Neutron gives out of it; more than 2^32 for IPv6. */
  poolSize: number;
}

interface SubnetBody {
  id: string;
  name: string;
  network_id: string;
  cidr: string;
  gateway_ip: string | null;
  allocation_pools: { start: string; end: string }[];
}

/** @throws ServiceError `ambiguous` when several subnets have the name. */
export async function findSubnet(session: Session, ctx: CallContext, idOrName: string): Promise<Subnet | undefined> {
  const list = async (query: { id: string } | { name: string }): Promise<Subnet[]> => {
    const { body } = await session.request<{ subnets: SubnetBody[] }>(ctx, {
      service: 'network',
      method: 'GET',
      path: '/subnets',
      query,
    });
    return body.subnets.map(readSubnet);
  };
  const byId = isUuid(idOrName) ? await list({ id: idOrName }) : [];
  return byId[0] ?? onlyOne(await list({ name: idOrName }), 'subnet', idOrName);
}

function readSubnet(body: SubnetBody): Subnet {
  return {
    id: body.id,
    name: body.name,
    networkId: body.network_id,
    cidr: body.cidr,
    gatewayIp: body.gateway_ip ?? undefined,
    poolSize: body.allocation_pools.reduce((sum, { start, end }) => sum + addressesBetween(start, end), 0),
  };
}

function addressesBetween(start: string, end: string): number {
  return addressNumber(end) - addressNumber(start) + 1;
}

/** IPv6 comes out inexact, and far beyond what anybody counts. */
function addressNumber(address: string): number {
  return ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}
