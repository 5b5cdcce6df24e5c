import { acceptedAnswer, pageAnswer } from '../answers.js';
import { dryRunAnswer, dryRunQuery } from '../dry-run.js';
import { patchBody } from '../json-patch.js';
import { route } from '../route.js';
import { createCluster } from './cluster-create.js';
import { clusterDeleteQuery, deleteCluster } from './cluster-delete.js';
import { clusterBody } from './cluster-order.js';
import { clusterPatchQuery, patchCluster } from './cluster-patch.js';
import { clusterListQuery, listDetails, listSummaries, showCluster } from './cluster-read.js';
import { resizeBody, resizeCluster } from './cluster-resize.js';
import { upgradeBody, upgradeCluster } from './cluster-upgrade.js';
import { clusterAnswer, clusterSummaryAnswer } from './cluster-view.js';
import { loadCluster, loadShownCluster } from './find-cluster.js';

const COLLECTION = '/v1/clusters';
const ITEM = `${COLLECTION}/{cluster}`;

export const clusterRoutes = [
  route({
    method: 'GET',
    path: COLLECTION,
    policy: 'cluster:get_all',
    allProjects: 'cluster:get_all_all_projects',
    query: clusterListQuery,
    answers: { 200: pageAnswer('clusters', clusterSummaryAnswer) },
    handler: listSummaries,
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'cluster:detail',
    allProjects: 'cluster:detail_all_projects',
    query: clusterListQuery,
    answers: { 200: pageAnswer('clusters', clusterAnswer) },
    handler: listDetails,
  }),
  route({
    method: 'POST',
    path: COLLECTION,
    policy: 'cluster:create',
    query: dryRunQuery,
    body: clusterBody,
    answers: { 200: dryRunAnswer, 202: acceptedAnswer },
    handler: createCluster,
  }),
  route({
    method: 'GET',
    path: ITEM,
    policy: 'cluster:get',
    allProjects: 'cluster:get_one_all_projects',
    load: loadShownCluster,
    answers: { 200: clusterAnswer },
    handler: showCluster,
  }),
  route({
    method: 'PATCH',
    path: ITEM,
    policy: 'cluster:update',
    allProjects: 'cluster:update_all_projects',
    load: loadCluster,
    query: clusterPatchQuery,
    body: patchBody,
    answers: { 202: acceptedAnswer },
    handler: patchCluster,
  }),
  route({
    method: 'DELETE',
    path: ITEM,
    policy: 'cluster:delete',
    allProjects: 'cluster:delete_all_projects',
    load: loadCluster,
    answers: { 204: null },
    query: clusterDeleteQuery,
    handler: deleteCluster,
  }),
  route({
    method: 'POST',
    path: `${ITEM}/actions/resize`,
    since: 7,
    policy: 'cluster:resize',
    load: loadCluster,
    query: dryRunQuery,
    body: resizeBody,
    answers: { 200: dryRunAnswer, 202: acceptedAnswer },
    handler: resizeCluster,
  }),
  route({
    method: 'POST',
    path: `${ITEM}/actions/upgrade`,
    since: 7,
    policy: 'cluster:upgrade',
    allProjects: 'cluster:upgrade_all_projects',
    load: loadCluster,
    body: upgradeBody,
    answers: { 202: acceptedAnswer },
    handler: upgradeCluster,
  }),
];
