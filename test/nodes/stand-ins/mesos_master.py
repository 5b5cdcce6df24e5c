#!/usr/bin/env python3
"""Stands in for mesos-master: elects a leader through ZooKeeper, and speaks the documented HTTP endpoints of the master
(mesos.apache.org, "HTTP Endpoints"). Between agents, frameworks and it there is no Mesos but /stand-in/…: agents say
what they run, frameworks say what is to run, each every few hundred milliseconds.
"""
import json
import sys
import threading
import time
import uuid

from stand_in import (MASTER_NODE, Answer, call, end, leading_master, log, read_flags, seconds_of, serve)
from zookeeper import Election, SessionExpired, ZooKeeper, parse_url

VERSION = '1.11.0'
# mesos.apache.org, "Master Options" and "Master and Agent Options"; each may also be set by MESOS_NAME.
FLAGS = '''acls agent_ping_timeout slave_ping_timeout agent_removal_rate_limit agent_reregister_timeout allocation_interval
allocator min_allocatable_resources authenticate_agents authenticate_frameworks authenticate_http_frameworks
authenticators authentication_v0_timeout authorizers cluster credentials fair_sharing_excluded_resource_names
filter_gpu_resources framework_sorter http_framework_authenticators log_auto_initialize master_contender
master_detector max_agent_ping_timeouts max_slave_ping_timeouts max_completed_frameworks
max_completed_tasks_per_framework max_operator_event_stream_subscribers max_unreachable_tasks_per_framework
offer_timeout publish_per_framework_metrics quorum rate_limits recovery_agent_removal_limit registry
registry_fetch_timeout registry_gc_interval registry_max_agent_age registry_max_agent_count registry_store_timeout
require_agent_domain roles root_submissions role_sorter webui_dir weights whitelist work_dir zk advertise_ip
advertise_port authenticate_http_readonly authenticate_http_readwrite firewall_rules domain hooks hostname
hostname_lookup http_authenticators ip ip_discovery_command modules modules_dir port version zk_session_timeout quiet
log_dir logbufsecs logging_level initialize_driver_logging external_log_file'''
TERMINAL = ('TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST')
ACTIVE_SECONDS = 3


class Master:
    def __init__(self, flags):
        self.flags = flags
        self.ip, self.port = flags['ip'], int(flags.get('port', 5050))
        self.hostname = flags.get('hostname', self.ip)
        self.id, self.started = str(uuid.uuid4()), time.time()
        self.zookeeper_hosts, self.path = parse_url(flags['zk'])
        self.session_seconds = seconds_of(flags.get('zk_session_timeout', '10secs'))
        self.lost_seconds = (seconds_of(flags.get('agent_ping_timeout', flags.get('slave_ping_timeout', '15secs')))
                             * int(flags.get('max_agent_ping_timeouts', flags.get('max_slave_ping_timeouts', 5))))
        self.agents, self.frameworks, self.gone, self.lock = {}, {}, set(), threading.RLock()
        self.drains_path = f'{self.path}/stand-in-drains'
        self.leads, self.elected, self.leader = False, None, None

    def run(self):
        """Ends with the session, as the real one does: a master that is cut off must not believe that it leads."""
        self.zookeeper = ZooKeeper(self.zookeeper_hosts, self.session_seconds)
        info = {'address': {'hostname': self.hostname, 'ip': self.ip, 'port': self.port}, 'hostname': self.hostname,
                'id': self.id, 'pid': f'master@{self.ip}:{self.port}', 'port': self.port, 'version': VERSION}
        try:
            election = Election(self.zookeeper, self.path, MASTER_NODE, json.dumps(info))
        except (OSError, SessionExpired) as error:
            # It may stand for election without knowing by which node.
            end(f'ZooKeeper: {error}')
        while True:
            try:
                self.leader = leading_master(self.zookeeper, self.path)
                self.lead(election.leads())
                if self.leads:
                    self.tend()
            except SessionExpired:
                end('Lost its session with ZooKeeper')
            except OSError as error:
                if time.monotonic() - self.zookeeper.heard > self.session_seconds:
                    end(f'Lost leadership: {error}')
            time.sleep(0.25)

    def lead(self, leads):
        if leads and not self.leads:
            log(f'Elected as the leading master {self.id}')
            self.elected = time.time()
        self.leads = leads

    def tend(self):
        with self.lock:
            self.forget_lost()
            self.finish_drains()

    def forget_lost(self):
        for agent in self.agents.values():
            if agent['active'] and time.monotonic() - agent['heard'] > self.lost_seconds:
                log(f"Marking agent {agent['id']} at {agent['hostname']} unreachable")
                agent['active'] = False
                for task in agent['tasks']:
                    if task['state'] not in TERMINAL:
                        task['state'] = 'TASK_LOST'

    # What agents and frameworks say.

    def agent_says(self, request):
        said = request.json()
        with self.lock:
            if said['id'] in self.gone:
                raise Answer(410, {'message': 'this agent is gone'})
            identity = said['id'] or f'{self.id}-S{len(self.agents)}'
            before = self.agents.get(identity, {'registered_time': time.time()})
            self.agents[identity] = {**before, **said, 'id': identity, 'active': True, 'heard': time.monotonic()}
            return {'id': identity}

    def framework_says(self, request):
        said = request.json()
        with self.lock:
            identity = said['id'] or f'{self.id}-{len(self.frameworks):04}'
            self.frameworks[identity] = {**said, 'id': identity, 'heard': time.monotonic()}
            drains = self.drains()
            agents = [self.view(agent) for agent in self.agents.values() if agent['active'] and agent['id'] not in drains]
            tasks = [{**task, 'slave_id': agent['id'], 'hostname': agent['hostname']}
                     for agent in self.agents.values() for task in agent['tasks'] if task['framework_id'] == identity]
            return {'id': identity, 'agents': agents, 'tasks': tasks}

    def order(self, request):
        said = request.json()
        with self.lock:
            agent = self.agents.get(said['agent_id'])
        if agent is None or not agent['active']:
            raise Answer(404, {'message': 'no such agent'})
        return call('POST', agent['address'], request.path, said)

    # The documented endpoints.

    def state(self, _request):
        with self.lock:
            active = [agent for agent in self.agents.values() if agent['active']]
            return {'version': VERSION, 'id': self.id, 'pid': f'master@{self.ip}:{self.port}', 'hostname': self.hostname,
                    'start_time': self.started, 'elected_time': self.elected, 'cluster': self.flags.get('cluster', ''),
                    'leader': f'master@{self.leader}',
                    'leader_info': {'id': self.id, 'hostname': self.hostname, 'port': self.port,
                                    'pid': f'master@{self.ip}:{self.port}'},
                    'activated_slaves': len(active), 'deactivated_slaves': 0,
                    'unreachable_slaves': len(self.agents) - len(active), 'flags': self.flags,
                    'slaves': [self.view(agent) for agent in active],
                    'frameworks': [self.framework_view(framework) for framework in self.frameworks.values()],
                    'completed_frameworks': []}

    def slaves(self, _request):
        with self.lock:
            return {'slaves': [self.view(agent) for agent in self.agents.values() if agent['active']],
                    'recovered_slaves': []}

    def view(self, agent):
        running = [task for task in agent['tasks'] if task['state'] not in TERMINAL]
        used = {name: sum(task['resources'].get(name, 0) for task in running) for name in ('cpus', 'mem', 'disk')}
        return {'id': agent['id'], 'hostname': agent['hostname'], 'port': int(agent['address'].rpartition(':')[2]),
                'pid': f"slave(1)@{agent['address']}", 'attributes': agent['attributes'], 'active': agent['active'],
                'registered_time': agent['registered_time'], 'resources': agent['resources'], 'used_resources': used,
                'version': VERSION}

    def framework_view(self, framework):
        tasks = [{'id': task['id'], 'name': task['name'], 'framework_id': task['framework_id'], 'executor_id': '',
                  'slave_id': agent['id'], 'state': task['state'], 'resources': task['resources'],
                  'statuses': [{'state': task['state'], 'timestamp': task['changed']}]}
                 for agent in self.agents.values() for task in agent['tasks'] if task['framework_id'] == framework['id']]
        return {'id': framework['id'], 'name': framework['name'], 'hostname': framework['hostname'],
                'webui_url': framework['webui_url'], 'active': time.monotonic() - framework['heard'] < ACTIVE_SECONDS,
                'tasks': [task for task in tasks if task['state'] not in TERMINAL],
                'completed_tasks': [task for task in tasks if task['state'] in TERMINAL]}

    def metrics(self, _request):
        with self.lock:
            active = sum(agent['active'] for agent in self.agents.values())
            running = sum(task['state'] == 'TASK_RUNNING' for agent in self.agents.values() for task in agent['tasks'])
            return {'master/elected': float(self.leads), 'master/uptime_secs': time.time() - self.started,
                    'master/slaves_active': float(active), 'master/slaves_connected': float(active),
                    'master/slaves_unreachable': float(len(self.agents) - active),
                    'master/frameworks_active': float(len(self.frameworks)), 'master/tasks_running': float(running),
                    'registrar/log/recovered': 1.0}

    # The operator API, of which these calls are used. Who drains is kept in ZooKeeper, where the real one keeps it in its
    # replicated log.

    def operate(self, request):
        said = request.json()
        calls = {'GET_HEALTH': lambda _: {'type': 'GET_HEALTH', 'get_health': {'healthy': True}},
                 'GET_AGENTS': self.get_agents, 'DRAIN_AGENT': self.drain, 'MARK_AGENT_GONE': self.mark_gone,
                 'REACTIVATE_AGENT': self.reactivate}
        if said.get('type') not in calls:
            raise Answer(400, f"Failed to validate master::Call: {said.get('type')}")
        with self.lock:
            return calls[said['type']](said)

    def drains(self):
        """Agent's id → its drain_info."""
        return json.loads(self.zookeeper.get(self.drains_path) or '{}')

    def keep_drains(self, drains):
        self.zookeeper.put(self.drains_path, json.dumps(drains))

    def agent_named(self, said, part):
        agent = self.agents.get(said[part]['agent_id']['value'])
        if agent is None:
            raise Answer(404, 'Agent not found')
        return agent

    def get_agents(self, _said):
        drains = self.drains()
        return {'type': 'GET_AGENTS', 'get_agents': {'agents': [self.v1_view(agent, drains) for agent in self.agents.values()]}}

    def v1_view(self, agent, drains):
        drain = drains.get(agent['id'])
        host, _, port = agent['address'].rpartition(':')
        attributes = [{'name': name, 'type': 'TEXT', 'text': {'value': value}} for name, value in agent['attributes'].items()]
        return {'active': agent['active'] and drain is None, 'deactivated': drain is not None, 'version': VERSION,
                'agent_info': {'id': {'value': agent['id']}, 'hostname': agent['hostname'], 'port': int(port),
                               'attributes': attributes},
                'pid': f'slave(1)@{host}:{port}', 'registered_time': {'nanoseconds': int(agent['registered_time'] * 1e9)},
                **({} if drain is None else {'drain_info': drain})}

    def drain(self, said):
        agent, order = self.agent_named(said, 'drain_agent'), said['drain_agent']
        config = {name: order[name] for name in ('max_grace_period', 'mark_gone') if name in order}
        self.keep_drains({**self.drains(), agent['id']: {'state': 'DRAINING', 'config': config}})
        limit = order.get('max_grace_period', {})
        seconds = limit.get('seconds', limit.get('nanoseconds', 0) / 1e9) if limit else None
        for task in agent['tasks']:
            if task['state'] not in TERMINAL:
                grace = task['grace_seconds'] if seconds is None else min(seconds, task['grace_seconds'])
                call('POST', agent['address'], '/stand-in/kill', {'task_id': task['id'], 'grace_seconds': grace})
        return ''

    def finish_drains(self):
        """An agent that drains and has nothing left to do is drained."""
        drains = self.drains()
        for identity, drain in drains.items():
            agent = self.agents.get(identity)
            if agent is not None and drain['state'] == 'DRAINING' and all(t['state'] in TERMINAL for t in agent['tasks']):
                drain['state'] = 'DRAINED'
                self.keep_drains(drains)
                if drain['config'].get('mark_gone'):
                    self.forget(agent)

    def mark_gone(self, said):
        self.forget(self.agent_named(said, 'mark_agent_gone'))
        return ''

    def forget(self, agent):
        """For ever: it is told to end, and may not register again."""
        self.gone.add(agent['id'])
        del self.agents[agent['id']]

    def reactivate(self, said):
        agent = self.agent_named(said, 'reactivate_agent')
        self.keep_drains({identity: drain for identity, drain in self.drains().items() if identity != agent['id']})
        return ''

    def redirect(self, request):
        if self.leader is None:
            raise Answer(503, 'No leader elected')
        raise Answer(307, '', {'Location': f'//{self.leader}'})

    def on_leader(self, request):
        """Only the leader knows; others send there, but for what they say of themselves."""
        own = request.path.removeprefix('/master')
        if self.leads or own in ('/health', '/metrics/snapshot', '/redirect', '/flags', '/version'):
            return
        if self.leader is None or self.leader == f'{self.ip}:{self.port}':
            raise Answer(503, 'No leader elected')
        raise Answer(307, '', {'Location': f'//{self.leader}{request.target}'})

    def routes(self):
        return [
            ('GET', '/(?:master/)?health', lambda _: ''),
            ('GET', '/(?:master/)?redirect', self.redirect),
            ('GET', '/(?:master/)?state', self.state),
            ('GET', '/(?:master/)?slaves', self.slaves),
            ('GET', '/(?:master/)?flags', lambda _: {'flags': self.flags}),
            ('GET', '/version', lambda _: {'version': VERSION}),
            ('GET', '/metrics/snapshot', self.metrics),
            ('GET', '/(?:master/)?maintenance/status', lambda _: {}),
            ('POST', '/api/v1', self.operate),
            ('POST', '/stand-in/agents', self.agent_says),
            ('POST', '/stand-in/frameworks', self.framework_says),
            ('POST', '/stand-in/(?:launch|kill)', self.order),
        ]


def main():
    flags = read_flags(sys.argv[1:], FLAGS, ['quorum', 'work_dir', 'zk'], 'MESOS_', ['no-'])
    flags.setdefault('ip', '0.0.0.0')
    master = Master(flags)
    serve(flags['ip'], master.port, master.routes(), before=master.on_leader)
    master.run()


if __name__ == '__main__':
    main()
