import { patchBody } from '../json-patch.js';
import { route } from '../route.js';
import { createCluster } from './cluster-create.js';
import { deleteCluster } from './cluster-delete.js';
import { clusterBody } from './cluster-order.js';
import { clusterPatchQuery, patchCluster } from './cluster-patch.js';
import { clusterListQuery, listDetails, listSummaries, showCluster } from './cluster-read.js';
import { resizeBody, resizeCluster } from './cluster-resize.js';
import { upgradeBody, upgradeCluster } from './cluster-upgrade.js';
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
    handler: listSummaries,
  }),
  route({
    method: 'GET',
    path: `${COLLECTION}/detail`,
    policy: 'cluster:detail',
    allProjects: 'cluster:detail_all_projects',
    query: clusterListQuery,
    handler: listDetails,
  }),
  route({ method: 'POST', path: COLLECTION, policy: 'cluster:create', body: clusterBody, handler: createCluster }),
  route({
    method: 'GET',
    path: ITEM,
    policy: 'cluster:get',
    allProjects: 'cluster:get_one_all_projects',
    load: loadShownCluster,
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
    handler: patchCluster,
  }),
  route({
    method: 'DELETE',
    path: ITEM,
    policy: 'cluster:delete',
    allProjects: 'cluster:delete_all_projects',
    load: loadCluster,
    handler: deleteCluster,
  }),
  route({
    method: 'POST',
    path: `${ITEM}/actions/resize`,
    since: 7,
    policy: 'cluster:resize',
    load: loadCluster,
    body: resizeBody,
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
    handler: upgradeCluster,
  }),
];
