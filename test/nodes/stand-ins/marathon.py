#!/usr/bin/env python3
"""Stands in for Marathon: leader election through ZooKeeper, and its documented REST API (docs/docs/rest-api in Marathon's
source) for applications that are a `cmd`. A standby sends requests on to the leader, as the real one does.
"""
import http.client
import json
import os
import queue
import sys
import threading
import time

from marathon_core import Core, complete
from stand_in import Answer, end, log, read_flags, serve, timestamp
from zookeeper import Election, SessionExpired, ZooKeeper, parse_url

VERSION = '1.8.222'
# docs/docs/command-line-flags.md in Marathon's source; each may also be set by MARATHON_NAME.
FLAGS = '''master artifact_store access_control_allow_origin checkpoint enable_features executor failover_timeout
framework_name ha hostname webui_url leader_proxy_connection_timeout leader_proxy_read_timeout local_port_max
local_port_min mesos_role default_accepted_resource_roles mesos_user reconciliation_initial_delay
reconciliation_interval scale_apps_initial_delay scale_apps_interval task_launch_timeout event_subscriber http_endpoints
zk zk_max_versions zk_timeout zk_session_timeout zk_max_node_size mesos_authentication mesos_authentication_principal
mesos_authentication_secret mesos_authentication_secret_file mesos_leader_ui_url marathon_store_timeout env_vars_prefix
zk_compression zk_compression_threshold max_apps store_cache on_elected_prepare_timeout
http_event_callback_slow_consumer_timeout default_network_name task_lost_expunge_gc task_lost_expunge_initial_delay
task_lost_expunge_interval mesos_heartbeat_interval mesos_heartbeat_failure_threshold max_tasks_per_offer
launch_token_refresh_interval launch_tokens offer_matching_timeout save_tasks_to_launch_timeout
task_launch_confirm_timeout min_revive_offers_interval revive_offers_repetitions revive_offers_for_new_apps
decline_offer_duration assets_path http_address http_credentials http_port http https_address https_port http_realm
ssl_keystore_path ssl_keystore_password leader_proxy_ssl_ignore_hostname http_max_concurrent_requests metrics
reporter_graphite reporter_datadog logging_level tracing'''
STREAM_KEEP_ALIVE_SECONDS = 5
# Of the session that the election is held with: a leader that is lost is missed after this time.
SESSION_SECONDS = 10


class Marathon:
    def __init__(self, flags):
        self.flags = flags
        self.host_port = f"{flags['hostname']}:{flags['http_port']}"
        self.zookeeper_hosts, self.path = parse_url(flags['zk'])
        self.features = [word for word in flags.get('enable_features', '').split(',') if word]
        self.core, self.leader = None, None

    def run(self):
        """Ends when it leads no more, as the real one does; whoever started it starts it again."""
        settings = {'path': self.path, 'mesos_path': parse_url(self.flags['master'])[1], 'hostname': self.flags['hostname'],
                    'name': self.flags.get('framework_name', 'marathon'), 'webui_url': f'http://{self.host_port}',
                    'features': self.features}
        self.zookeeper = ZooKeeper(self.zookeeper_hosts, SESSION_SECONDS)
        try:
            election = Election(self.zookeeper, f'{self.path}/leader', 'member_', self.host_port)
        except (OSError, SessionExpired) as error:
            # It may stand for election without knowing by which node.
            end(f'ZooKeeper: {error}')
        while True:
            try:
                self.follow(election, settings)
            except SessionExpired:
                end('Lost its session with ZooKeeper')
            except OSError as error:
                if self.core is not None and time.monotonic() - self.zookeeper.heard > SESSION_SECONDS:
                    end(f'Lost leadership: {error}')
            time.sleep(0.25)

    def follow(self, election, settings):
        found = election.leader()
        leads = found is not None and found[0] == election.own
        if self.core is not None and not leads:
            end('Lost leadership')
        if leads and self.core is None:
            log('Elected as leader')
            core = Core(self.zookeeper, settings)
            threading.Thread(target=core.run, daemon=True).start()
            self.core = core
        self.leader = None if found is None else found[1].decode()

    # Requests.

    def on_leader(self, request):
        if request.path in ('/ping', '/metrics') or (self.core is not None and self.core.knows_tasks):
            return
        if self.core is not None:
            raise Answer(503, 'Waiting for consistent leadership state.')
        if self.leader is None or self.leader == self.host_port:
            raise Answer(503, 'Could not determine the current leader')
        if request.path == '/v2/events':
            raise Answer(302, '', {'Location': f'http://{self.leader}{request.target}'})
        if request.headers.get('X-Marathon-Via'):
            raise Answer(502, 'Detected proxying loop.')
        raise self.forward(request)

    def forward(self, request):
        connection = http.client.HTTPConnection(self.leader, timeout=10)
        headers = {'Content-Type': 'application/json', 'X-Marathon-Via': f'1.1 {self.host_port}'}
        try:
            connection.request(request.method, request.target, request.body or None, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException):
            return Answer(502, 'Connection to leader refused.')
        kept = ('Content-Type', 'Location', 'Marathon-Deployment-Id')
        return Answer(response.status, text, [(name, value) for name, value in response.getheaders() if name in kept])

    def info(self, _request):
        config = {'master': self.flags['master'], 'framework_name': self.flags.get('framework_name', 'marathon'),
                  'hostname': self.flags['hostname'], 'ha': True, 'checkpoint': True,
                  'features': self.features}
        return {'name': 'marathon', 'version': VERSION, 'buildref': 'stand-in', 'elected': True, 'leader': self.leader,
                'frameworkId': self.core.framework_id, 'marathon_config': config,
                'zookeeper_config': {'zk': self.flags['zk']}, 'http_config': {'http_port': int(self.flags['http_port'])}}

    def abdicate(self, _request):
        threading.Timer(0.2, end, ['Leadership abdicated']).start()
        return {'message': 'Leadership abdicated'}

    def app_named(self, app_id):
        app = self.core.apps.get('/' + app_id.strip('/'))
        if app is None:
            raise Answer(404, {'message': f"App '/{app_id.strip('/')}' does not exist"})
        return app

    def app_view(self, app, with_tasks):
        core = self.core
        mine = [task for task in core.tasks.values() if task['labels']['app'] == app['id']]
        healthy = sum(core.health.get(task['id'], {}).get('alive', False) for task in mine)
        deployment = core.deployments.get(app['id'])
        running = sum(task['state'] == 'TASK_RUNNING' for task in mine)
        return {**app, 'tasksStaged': len(mine) - running, 'tasksRunning': running, 'tasksHealthy': healthy,
                'tasksUnhealthy': running - healthy if app['healthChecks'] else 0,
                'deployments': [] if deployment is None else [{'id': deployment['id']}],
                **({'tasks': [self.task_view(task) for task in mine]} if with_tasks else {})}

    def task_view(self, task):
        health = self.core.health.get(task['id'])
        named = ('alive', 'consecutiveFailures', 'lastSuccess', 'lastFailure')
        results = [{**{name: health[name] for name in named if name in health}, 'taskId': task['id']}] if health else []
        return {'id': task['id'], 'appId': task['labels']['app'], 'host': task['hostname'], 'ports': task['ports'],
                'servicePorts': [], 'slaveId': task['slave_id'], 'state': task['state'], 'stagedAt': task['labels']['staged'],
                'startedAt': timestamp(task['changed']) if 'changed' in task else None,
                'version': task['labels']['version'], 'localVolumes': [],
                'ipAddresses': [{'ipAddress': task['hostname'], 'protocol': 'IPv4'}],
                **({'healthCheckResults': results} if results else {})}

    def apps(self, request):
        with self.core.lock:
            embed = {word for value in request.query.get('embed', []) for word in value.split(',')}
            return {'apps': [self.app_view(app, 'apps.tasks' in embed) for app in self.core.apps.values()]}

    def app(self, _request, app_id):
        with self.core.lock:
            return {'app': self.app_view(self.app_named(app_id), True)}

    def create(self, request):
        with self.core.lock:
            app = complete(request.json(), timestamp())
            if app['id'] in self.core.apps:
                raise Answer(409, {'message': f"An app with id [{app['id']}] already exists."})
            deployment = self.core.keep(app)
            self.core.tell('api_post_event', {'clientIp': '', 'uri': request.path, 'appDefinition': app})
            headers = {'Location': f"/v2/apps{app['id']}", 'Marathon-Deployment-Id': deployment['deploymentId']}
            raise Answer(201, self.app_view(app, False), headers)

    def change(self, request, app_id):
        with self.core.lock:
            identity = '/' + app_id.strip('/')
            before, given = self.core.apps.get(identity, {}), request.json()
            self.core.refuse_if_locked(identity, request.flag('force'))
            # Of another number of instances the tasks that run are still tasks.
            same = before and set(given) <= {'id', 'instances'}
            app = complete({**before, **given, 'id': identity}, before['version'] if same else timestamp())
            deployment = self.core.keep(app)
            self.core.tell('api_post_event', {'clientIp': '', 'uri': request.path, 'appDefinition': app})
            raise Answer(200 if before else 201, deployment, {'Marathon-Deployment-Id': deployment['deploymentId']})

    def remove(self, request, app_id):
        with self.core.lock:
            app = self.app_named(app_id)
            self.core.refuse_if_locked(app['id'], request.flag('force'))
            return self.core.remove(app['id'])

    def restart(self, request, app_id):
        with self.core.lock:
            app = self.app_named(app_id)
            self.core.refuse_if_locked(app['id'], request.flag('force'))
            return self.core.keep({**app, 'version': timestamp()})

    def app_tasks(self, _request, app_id):
        with self.core.lock:
            return {'tasks': self.app_view(self.app_named(app_id), True)['tasks']}

    def tasks(self, request):
        with self.core.lock:
            views = [self.task_view(task) for task in self.core.tasks.values()]
        if 'text/plain' in request.headers.get('Accept', ''):
            return ''.join(f"{view['appId'][1:].replace('/', '_')}\t0\t{view['host']}:{port}\n"
                           for view in views for port in view['ports'])
        return {'tasks': views}

    def kill_app_tasks(self, request, app_id):
        app = self.app_named(app_id)
        host = request.query.get('host', [None])[0]
        return self.kill(request, lambda task: task['labels']['app'] == app['id'] and host in (None, task['hostname']))

    def kill_app_task(self, request, _app_id, task_id):
        return self.kill(request, lambda task: task['id'] == task_id)

    def kill_tasks(self, request):
        wanted = request.json().get('ids', [])
        unknown = [identity for identity in wanted if identity not in self.core.tasks]
        if unknown:
            raise Answer(400, {'message': f'Invalid task id {unknown[0]}'})
        return self.kill(request, lambda task: task['id'] in wanted)

    def kill(self, request, is_meant):
        """With `scale` there are as many fewer of its application; without it others take their place."""
        core = self.core
        with core.lock:
            meant = [task for task in core.tasks.values() if is_meant(task)]
            views = [self.task_view(task) for task in meant]
            deployment = None
            for task in meant:
                app = core.apps.get(task['labels']['app'])
                if request.flag('scale') and app is not None:
                    deployment = core.keep({**app, 'instances': max(0, app['instances'] - 1)})
                core.kill(task)
            return deployment or {'tasks': views}

    def events(self, request):
        """Never ends by itself; what a listener says that it wants is all that it gets."""
        if 'text/event-stream' not in request.headers.get('Accept', ''):
            raise Answer(405, '')
        wanted, handler, listener = request.query.get('event_type'), request.handler, self.core.listen()
        handler.send_response(200)
        handler.send_header('Content-Type', 'text/event-stream;charset=UTF-8')
        handler.send_header('Connection', 'close')
        handler.end_headers()
        handler.close_connection = True
        self.core.tell('event_stream_attached', {'remoteAddress': handler.client_address[0]})
        try:
            while True:
                try:
                    event = listener.get(timeout=STREAM_KEEP_ALIVE_SECONDS)
                except queue.Empty:
                    handler.wfile.write(b'\r\n')
                    continue
                if wanted is None or event['eventType'] in wanted:
                    handler.wfile.write(f"event: {event['eventType']}\r\ndata: {json.dumps(event)}\r\n\r\n".encode())
        except OSError:
            self.core.listeners.remove(listener)
            self.core.tell('event_stream_detached', {'remoteAddress': handler.client_address[0]})
            raise

    def routes(self):
        return [
            ('GET', '/ping', lambda _: 'pong\n'),
            ('GET', '/metrics', lambda _: {}),
            ('GET', '/v2/info', self.info),
            ('GET', '/v2/leader', lambda _: {'leader': self.leader}),
            ('DELETE', '/v2/leader', self.abdicate),
            ('GET', '/v2/events', self.events),
            ('GET', '/v2/deployments', lambda _: list(self.core.deployments.values())),
            ('GET', '/v2/queue', lambda _: {'queue': []}),
            ('GET', '/v2/tasks/?', self.tasks),
            ('POST', '/v2/tasks/delete/?', self.kill_tasks),
            ('GET', '/v2/apps/?', self.apps),
            ('POST', '/v2/apps/?', self.create),
            ('GET', '/v2/apps/(.+)/tasks/?', self.app_tasks),
            ('DELETE', '/v2/apps/(.+)/tasks/?', self.kill_app_tasks),
            ('DELETE', '/v2/apps/(.+)/tasks/([^/]+)', self.kill_app_task),
            ('POST', '/v2/apps/(.+)/restart', self.restart),
            ('GET', '/v2/apps/(.+)', self.app),
            ('PUT', '/v2/apps/(.+)', self.change),
            ('DELETE', '/v2/apps/(.+)', self.remove),
        ]


def main():
    flags = read_flags(sys.argv[1:], FLAGS, ['master'], 'MARATHON_', ['disable_'])
    for name, value in {'http_port': '8080', 'http_address': '0.0.0.0', 'hostname': os.uname().nodename,
                        'zk': 'zk://localhost:2181/marathon'}.items():
        flags.setdefault(name, value)
    marathon = Marathon(flags)
    serve(flags['http_address'], flags['http_port'], marathon.routes(), before=marathon.on_leader)
    marathon.run()


if __name__ == '__main__':
    main()
