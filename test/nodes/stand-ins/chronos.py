#!/usr/bin/env python3
"""Stands in for Chronos: leader election through ZooKeeper, and of its documented REST API (docs/docs/api.md in Chronos'
source) scheduled jobs that are a `command`. A standby redirects to the leader.
"""
import calendar
import json
import os
import re
import sys
import threading
import time
import uuid

from stand_in import Answer, call, end, leading_master, log, read_flags, serve, timestamp
from zookeeper import Election, SessionExpired, ZooKeeper, parse_hosts, parse_url

# docs/docs/configuration.md in Chronos' source.
FLAGS = '''assets_path cassandra_consistency cassandra_contact_points cassandra_keyspace cassandra_port
cassandra_stat_count_table cassandra_table cassandra_ttl cluster_name decline_offer_duration disable_after_failures
failover_timeout failure_retry graphite_group_prefix graphite_host_port graphite_reporting_interval hostname
http_address http_credentials http_notification_credentials http_notification_url http_port http_realm https_port
job_history_limit leader_max_idle_time mail_from mail_password mail_server mail_ssl mail_user master mattermost_url
mesos_authentication_principal mesos_authentication_secret_file mesos_checkpoint mesos_framework_name mesos_role
mesos_task_cpu mesos_task_disk mesos_task_mem min_revive_offers_interval raven_dsn reconciliation_interval
revive_offers_for_new_jobs schedule_horizon slack_url ssl_keystore_password ssl_keystore_path task_epsilon user webui_url
zk_hosts zk_path zk_timeout'''
SESSION_SECONDS = 10
LOOK_SECONDS = 0.5
TERMINAL = ('TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST')
NAME = re.compile(r'[\w\s.#_-]+')
PERIOD = re.compile(r'P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?')


def parse_schedule(text):
    """`R5/2030-01-01T00:00:00Z/PT10M`: how often (None: for ever), when first, and the seconds between."""
    repeat, start, period = text.split('/')
    times = None if repeat == 'R' else int(repeat[1:])
    moment = re.sub(r'(\.\d+)?Z$', '', start)
    first = calendar.timegm(time.strptime(moment, '%Y-%m-%dT%H:%M:%S')) if start else time.time()
    days, hours, minutes, seconds = (int(number or 0) for number in PERIOD.fullmatch(period).groups())
    return times, first, days * 86400 + hours * 3600 + minutes * 60 + seconds


class Chronos:
    def __init__(self, flags):
        self.flags, self.lock = flags, threading.RLock()
        self.host_port = f"{flags['hostname']}:{flags['http_port']}"
        self.path, self.leader, self.leads = flags['zk_path'], None, False
        self.mesos_path, self.jobs, self.framework_id, self.seen = parse_url(flags['master'])[1], {}, None, set()

    def run(self):
        self.zookeeper = ZooKeeper(parse_hosts(self.flags['zk_hosts']), SESSION_SECONDS)
        try:
            election = Election(self.zookeeper, f'{self.path}/candidate', 'member_', self.host_port)
        except (OSError, SessionExpired) as error:
            # It may stand for election without knowing by which node.
            end(f'ZooKeeper: {error}')
        while True:
            try:
                found = election.leader()
                self.lead(found is not None and found[0] == election.own)
                self.leader = None if found is None else found[1].decode()
                if self.leads:
                    self.look()
            except SessionExpired:
                end('Lost its session with ZooKeeper')
            except OSError as error:
                log(f'ZooKeeper or Mesos: {error}')
                if self.leads and time.monotonic() - self.zookeeper.heard > SESSION_SECONDS:
                    end('Lost leadership')
            time.sleep(LOOK_SECONDS)

    def lead(self, leads):
        if leads and not self.leads:
            names = self.zookeeper.children(f'{self.path}/jobs')
            stored = [json.loads(self.zookeeper.get(f'{self.path}/jobs/{name}')) for name in names]
            self.jobs = {job['name']: job for job in stored}
            self.framework_id = (self.zookeeper.get(f'{self.path}/framework') or b'').decode() or None
            log('Elected as leader')
        self.leads = leads

    def look(self):
        master = leading_master(self.zookeeper, self.mesos_path)
        if master is None:
            return
        said = {'id': self.framework_id, 'name': self.flags.get('mesos_framework_name', 'chronos'),
                'hostname': self.flags['hostname'], 'webui_url': f'http://{self.host_port}'}
        answer = call('POST', master, '/stand-in/frameworks', said)
        if self.framework_id != answer['id']:
            self.framework_id = answer['id']
            self.zookeeper.put(f'{self.path}/framework', self.framework_id)
        with self.lock:
            for task in answer['tasks']:
                self.count(task)
            for job in self.jobs.values():
                if job.get('next') is not None and time.time() >= job['next'] and answer['agents']:
                    self.start(job, answer['agents'][0], master)
                    self.plan_next(job)

    def count(self, task):
        job = self.jobs.get(task['labels'].get('job'))
        if job is None or task['state'] not in TERMINAL or task['id'] in self.seen:
            return
        self.seen.add(task['id'])
        well = task['state'] == 'TASK_FINISHED'
        job['successCount' if well else 'errorCount'] += 1
        job['lastSuccess' if well else 'lastError'] = timestamp(task['changed'])
        self.keep(job)

    def start(self, job, agent, master):
        identity = f"ct:{int(time.time() * 1000)}:0:{job['name']}:{uuid.uuid4()}"
        resources = {'cpus': float(job.get('cpus', 0.1)), 'mem': float(job.get('mem', 128)), 'disk': 0}
        task = {'id': identity, 'name': f"ChronosTask:{job['name']}", 'framework_id': self.framework_id, 'ports': [],
                'command': job['command'], 'environment': {'mesos_task_id': identity}, 'labels': {'job': job['name']},
                'resources': resources, 'grace_seconds': 3}
        call('POST', master, '/stand-in/launch', {'agent_id': agent['id'], 'task': task})

    def plan_next(self, job):
        times, first, period = parse_schedule(job['schedule'])
        left = None if times is None else times - 1
        count = 'R' if left is None else f'R{left}'
        after = timestamp(max(first + period, time.time() if period == 0 else first + period))
        job['schedule'] = f"{count}/{after}/{job['schedule'].split('/')[2]}"
        job['next'] = None if left == 0 or (left is None and period == 0) else first + period
        self.keep(job)

    def keep(self, job):
        self.zookeeper.put(f"{self.path}/jobs/{re.sub(r'[^A-Za-z0-9_.-]', '_', job['name'])}", json.dumps(job))

    # Requests.

    def on_leader(self, request):
        if request.path == '/ping' or self.leads:
            return
        if self.leader is None or self.leader == self.host_port:
            raise Answer(503, 'no leader')
        raise Answer(302, '', {'Location': f'http://{self.leader}{request.target}'})

    def add(self, request):
        job = request.json()
        try:
            first = parse_schedule(job['schedule'])[1]
        except (AttributeError, KeyError, ValueError):
            raise Answer(400, {'message': 'Schedule is not valid'}) from None
        if not NAME.fullmatch(str(job.get('name', ''))) or not isinstance(job.get('command'), str):
            raise Answer(400, {'message': 'the name or the command is not valid'})
        with self.lock:
            kept = {'successCount': 0, 'errorCount': 0, 'lastSuccess': '', 'lastError': '', **job, 'next': first}
            self.jobs[job['name']] = kept
            self.keep(kept)
        raise Answer(204)

    def list(self, _request):
        with self.lock:
            return [{name: value for name, value in job.items() if name != 'next'} for job in self.jobs.values()]

    def job_named(self, name):
        if name not in self.jobs:
            raise Answer(404, {'message': f'no job {name}'})
        return self.jobs[name]

    def start_now(self, _request, name):
        with self.lock:
            self.job_named(name)['next'] = time.time()
        raise Answer(204)

    def remove(self, _request, name):
        with self.lock:
            job = self.job_named(name)
            self.zookeeper.delete(f"{self.path}/jobs/{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}")
            del self.jobs[job['name']]
        raise Answer(204)

    def routes(self):
        return [
            ('GET', '/ping', lambda _: 'pong'),
            ('GET', '/leader', lambda _: {'leader': self.leader}),
            ('GET', '/v1/scheduler/jobs', self.list),
            ('POST', '/v1/scheduler/iso8601', self.add),
            ('PUT', '/v1/scheduler/job/([^/]+)', self.start_now),
            ('DELETE', '/v1/scheduler/job/([^/]+)', self.remove),
        ]


def main():
    flags = read_flags(sys.argv[1:], FLAGS, ['master'], 'CHRONOS_', ['disable_'])
    for name, value in {'http_port': '8080', 'http_address': '0.0.0.0', 'hostname': os.uname().nodename,
                        'zk_hosts': 'localhost:2181', 'zk_path': '/chronos/state'}.items():
        flags.setdefault(name, value)
    chronos = Chronos(flags)
    serve(flags['http_address'], flags['http_port'], chronos.routes(), before=chronos.on_leader)
    chronos.run()


if __name__ == '__main__':
    main()
