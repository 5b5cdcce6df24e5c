import { pageAnswer } from '../answers.js';
import { loadCluster } from '../clusters/find-cluster.js';
import { dryRunAnswer, dryRunQuery } from '../dry-run.js';
import { patchBody } from '../json-patch.js';
import { route } from '../route.js';
import { createNodeGroup } from './node-group-create.js';
import { deleteNodeGroup } from './node-group-delete.js';
import { nodeGroupBody } from './node-group-order.js';
import { patchNodeGroup } from './node-group-patch.js';
import { listNodeGroups, nodeGroupListQuery, showNodeGroup } from './node-group-read.js';
import { groupAnswer, groupSummaryAnswer } from './node-group-view.js';

const COLLECTION = '/v1/clusters/{cluster}/nodegroups';
const ITEM = `${COLLECTION}/{nodegroup}`;

const shared = { since: 9, load: loadCluster } as const;

export const nodeGroupRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: COLLECTION,
    policy: 'nodegroup:get_all',
    allProjects: 'nodegroup:get_all_all_projects',
    query: nodeGroupListQuery,
    answers: { 200: pageAnswer('nodegroups', groupSummaryAnswer) },
    handler: listNodeGroups,
  }),
  route({
    ...shared,
    method: 'GET',
    path: ITEM,
    policy: 'nodegroup:get',
    allProjects: 'nodegroup:get_one_all_projects',
    answers: { 200: groupAnswer },
    handler: showNodeGroup,
  }),
  route({
    ...shared,
    method: 'POST',
    path: COLLECTION,
    policy: 'nodegroup:create',
    query: dryRunQuery,
    body: nodeGroupBody,
    answers: { 200: dryRunAnswer, 202: groupAnswer },
    handler: createNodeGroup,
  }),
  route({
    ...shared,
    method: 'PATCH',
    path: ITEM,
    policy: 'nodegroup:update',
    body: patchBody,
    answers: { 202: groupAnswer },
    handler: patchNodeGroup,
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: ITEM,
    policy: 'nodegroup:delete',
    answers: { 204: null },
    handler: deleteNodeGroup,
  }),
];
