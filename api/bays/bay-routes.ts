import { acceptedAnswer, pageAnswer } from '../answers.js';
import { deleteCluster } from '../clusters/cluster-delete.js';
import { clusterPatchQuery } from '../clusters/cluster-patch.js';
import { getCluster } from '../clusters/find-cluster.js';
import type { Api } from '../deps.js';
import { patchBody } from '../json-patch.js';
import { type Caller, route } from '../route.js';
import { createBay } from './bay-create.js';
import { patchBay } from './bay-patch.js';
import { bayListQuery, listBayDetails, listBays, showBay } from './bay-read.js';
import { bayBody } from './bay-schema.js';
import { bayAnswer, baySummaryAnswer, singleBayAnswer } from './bay-view.js';

/** The API of 2015 over clusters. An admin, too, sees the bays of one project here, as upstream. */

const COLLECTION = '/v1/bays';
const ITEM = `${COLLECTION}/{bay}`;

function load(api: Api, caller: Caller) {
  return getCluster(api, caller.scope, caller.params.bay ?? '');
}

export const bayRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'bay:get_all',
    query: bayListQuery,
    answers: { 200: pageAnswer('bays', baySummaryAnswer) },
    handler: listBays,
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'bay:detail',
    query: bayListQuery,
    answers: { 200: pageAnswer('bays', bayAnswer) },
    handler: listBayDetails,
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'bay:create',
    body: bayBody,
    answers: { 201: singleBayAnswer, 202: acceptedAnswer },
    handler: createBay,
  }),
  route({ method: 'GET', path: ITEM, policy: 'bay:get', load, answers: { 200: singleBayAnswer }, handler: showBay }),
  route({
    method: 'PATCH',
    path: ITEM,
    policy: 'bay:update',
    load,
    query: clusterPatchQuery,
    body: patchBody,
    answers: { 200: singleBayAnswer, 202: acceptedAnswer },
    handler: patchBay,
  }),
  route({ method: 'DELETE', path: ITEM, policy: 'bay:delete', load, answers: { 204: null }, handler: deleteCluster }),
];
