#!/usr/bin/env python3
"""Stands in for mesos-agent: registers with the leading master, and runs tasks as processes of this machine, each with
its sandbox and its ports. Of Mesos' isolation there is none: a task is a session of its own.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time

from stand_in import Answer, call, leading_master, log, read_flags, seconds_of, serve
from zookeeper import SessionExpired, ZooKeeper, parse_url

VERSION = '1.11.0'
# mesos.apache.org, "Agent Options" and "Master and Agent Options"; each may also be set by MESOS_NAME.
FLAGS = '''acls agent_features agent_subsystems slave_subsystems effective_capabilities bounding_capabilities
appc_simple_discovery_uri_prefix appc_store_dir attributes authenticate_http_executors authenticatee
authentication_backoff_factor authentication_timeout_min authentication_timeout_max authorizer
cgroups_cpu_enable_pids_and_tids_count cgroups_destroy_timeout cgroups_enable_cfs cgroups_hierarchy cgroups_limit_swap
cgroups_net_cls_primary_handle cgroups_net_cls_secondary_handles allowed_devices cgroups_root
check_agent_port_range_only container_disk_watch_interval container_logger container_ports_watch_interval containerizers
credential default_container_dns default_container_info default_role disk_profile_adaptor disk_watch_interval docker
docker_config docker_kill_orphans docker_mesos_image docker_registry docker_remove_delay docker_socket
docker_stop_timeout docker_store_dir docker_volume_checkpoint_dir enforce_container_disk_quota enforce_container_ports
executor_environment_variables executor_registration_timeout executor_reregistration_timeout
executor_reregistration_retry_interval max_completed_executors_per_framework jwt_secret_key
executor_shutdown_grace_period fetcher_cache_dir fetcher_cache_size fetcher_stall_timeout frameworks_home gc_delay
gc_disk_headroom hadoop_home http_credentials http_command_executor http_heartbeat_interval image_providers
image_provisioner_backend image_gc_config ip6 ip6_discovery_command isolation launcher launcher_dir master
master_detector nvidia_gpu_devices network_cni_plugins_dir network_cni_config_dir network_cni_metrics
oversubscribed_resources_interval perf_duration perf_events perf_interval qos_controller qos_correction_interval_min
reconfiguration_policy recover recovery_timeout registration_backoff_factor resource_estimator resources
resource_provider_config_dir revocable_cpu_low_priority runtime_dir sandbox_directory
disallow_sharing_agent_pid_namespace strict secret_resolver switch_user systemd_enable_support
systemd_runtime_directory work_dir xfs_project_range advertise_ip advertise_port authenticate_http_readonly
authenticate_http_readwrite firewall_rules domain hooks hostname hostname_lookup http_authenticators ip
ip_discovery_command modules modules_dir port version zk_session_timeout quiet log_dir logbufsecs logging_level
initialize_driver_logging external_log_file'''
TERMINAL = ('TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST')
KEEP_ENDED_SECONDS = 60
PORTS = '[31000-32000]'


class Task:
    """A process with a sandbox."""

    def __init__(self, order, folder, environment):
        self.order, self.state, self.changed = order, 'TASK_RUNNING', time.time()
        self.killed_at = self.kill_after = None
        os.makedirs(folder, exist_ok=True)
        own = {'MESOS_SANDBOX': folder, 'MESOS_DIRECTORY': folder, 'MESOS_TASK_ID': order['id'], 'PATH': os.environ['PATH']}
        with open(f'{folder}/stdout', 'ab') as out, open(f'{folder}/stderr', 'ab') as error:
            self.process = subprocess.Popen(['/bin/sh', '-c', order['command']], cwd=folder, start_new_session=True, stdout=out,
                                            stderr=error, stdin=subprocess.DEVNULL,
                                            env={**environment, **own, **order['environment']})

    def kill(self, grace_seconds):
        if self.state == 'TASK_RUNNING':
            self.become('TASK_KILLING')
            self.killed_at, self.kill_after = time.monotonic(), grace_seconds
            self.signal(signal.SIGTERM)

    def look(self):
        """Whether its state has changed."""
        before = self.state
        if self.state not in TERMINAL:
            code = self.process.poll()
            if code is not None:
                self.signal(signal.SIGKILL)
                self.become('TASK_KILLED' if self.killed_at else 'TASK_FINISHED' if code == 0 else 'TASK_FAILED')
            elif self.killed_at and time.monotonic() - self.killed_at > self.kill_after:
                self.signal(signal.SIGKILL)
        return before != self.state

    def become(self, state):
        log(f"task {self.order['id']}: {state}")
        self.state, self.changed = state, time.time()

    def signal(self, number):
        """To all of its session."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def view(self):
        named = ('id', 'name', 'framework_id', 'resources', 'ports', 'labels', 'grace_seconds')
        return {**{name: self.order[name] for name in named}, 'state': self.state, 'changed': self.changed}


class Agent:
    def __init__(self, flags):
        self.flags = flags
        self.ip, self.port = flags['ip'], int(flags.get('port', 5051))
        self.hostname = flags.get('hostname', self.ip)
        self.work, self.started = flags['work_dir'], time.time()
        self.zookeeper_hosts, self.path = parse_url(flags['master'])
        self.session_seconds = seconds_of(flags.get('zk_session_timeout', '10secs'))
        self.attributes = dict(pair.split(':', 1) for pair in flags.get('attributes', '').split(';') if pair)
        self.resources = read_resources(flags.get('resources', ''))
        self.environment = json.loads(text_of(flags.get('executor_environment_variables', '{}')))
        self.tasks, self.lock, self.changed = {}, threading.RLock(), threading.Event()
        self.id, self.master = read_text(f'{self.work}/meta/id'), None

    def run(self):
        threading.Thread(target=self.watch_tasks, daemon=True).start()
        threading.Thread(target=self.watch_leader, daemon=True).start()
        while True:
            self.register()
            self.changed.wait(0.5)
            self.changed.clear()

    def watch_tasks(self):
        while True:
            with self.lock:
                if any([task.look() for task in self.tasks.values()]):
                    self.changed.set()
                for identity, task in list(self.tasks.items()):
                    if task.state in TERMINAL and time.time() - task.changed > KEEP_ENDED_SECONDS:
                        del self.tasks[identity]
            time.sleep(0.05)

    def watch_leader(self):
        zookeeper = None
        while True:
            try:
                zookeeper = zookeeper or ZooKeeper(self.zookeeper_hosts, self.session_seconds)
                self.master = leading_master(zookeeper, self.path)
            except SessionExpired:
                zookeeper = None
            except OSError as error:
                log(f'ZooKeeper: {error}')
            time.sleep(0.25)

    def register(self):
        if self.master is None:
            return
        with self.lock:
            said = {'id': self.id, 'hostname': self.hostname, 'address': f'{self.ip}:{self.port}',
                    'attributes': self.attributes, 'resources': self.resources,
                    'tasks': [task.view() for task in self.tasks.values()]}
        try:
            answer = call('POST', self.master, '/stand-in/agents', said)
        except OSError as error:
            log(f'The master {self.master}: {error}')
            return
        if self.id != answer['id']:
            self.id = answer['id']
            log(f'Registered with master {self.master}; given agent ID {self.id}')
            os.makedirs(f'{self.work}/meta', exist_ok=True)
            with open(f'{self.work}/meta/id', 'w') as file:
                file.write(self.id)

    def launch(self, request):
        order = request.json()['task']
        folder = f"{self.work}/slaves/{self.id}/frameworks/{order['framework_id']}/executors/{order['id']}/runs/latest"
        with self.lock:
            if order['id'] not in self.tasks:
                self.tasks[order['id']] = Task(order, folder, self.environment)
        log(f"task {order['id']}: TASK_RUNNING")
        self.changed.set()
        return {}

    def kill(self, request):
        said = request.json()
        with self.lock:
            if said['task_id'] not in self.tasks:
                raise Answer(404, {'message': 'no such task'})
            self.tasks[said['task_id']].kill(said['grace_seconds'])
        self.changed.set()
        return {}

    def state(self, _request):
        with self.lock:
            tasks = [task.view() for task in self.tasks.values()]
        frameworks = [{'id': framework, 'executors': [
            {'id': task['id'], 'name': 'Command Executor', 'tasks': [task] if task['state'] not in TERMINAL else [],
             'completed_tasks': [task] if task['state'] in TERMINAL else []}
            for task in tasks if task['framework_id'] == framework]} for framework in {task['framework_id'] for task in tasks}]
        return {'version': VERSION, 'id': self.id or '', 'pid': f'slave(1)@{self.ip}:{self.port}', 'hostname': self.hostname,
                'master_hostname': (self.master or '').rpartition(':')[0], 'start_time': self.started,
                'attributes': self.attributes, 'resources': self.resources, 'flags': self.flags,
                'frameworks': frameworks, 'completed_frameworks': []}

    def statistics(self, _request):
        with self.lock:
            running = [task for task in self.tasks.values() if task.state not in TERMINAL]
        return [{'executor_id': task.order['id'], 'executor_name': 'Command Executor', 'source': task.order['id'],
                 'framework_id': task.order['framework_id'],
                 'statistics': {'timestamp': time.time(), 'cpus_limit': task.order['resources'].get('cpus', 0),
                                'mem_limit_bytes': task.order['resources'].get('mem', 0) * 2**20,
                                'mem_rss_bytes': resident_bytes(task.process.pid)}} for task in running]

    def metrics(self, _request):
        with self.lock:
            states = [task.state for task in self.tasks.values()]
        counted = {f'slave/tasks_{name}': float(states.count(f'TASK_{name.upper()}'))
                   for name in ('staging', 'starting', 'running', 'killing', 'finished', 'failed', 'killed', 'lost')}
        return {'slave/registered': float(self.id is not None), 'slave/uptime_secs': time.time() - self.started, **counted}

    def routes(self):
        return [
            ('GET', r'/(?:slave\(1\)/)?health', lambda _: ''),
            ('GET', r'/(?:slave\(1\)/)?state', self.state),
            ('GET', r'/(?:slave\(1\)/)?flags', lambda _: {'flags': self.flags}),
            ('GET', '/monitor/statistics', self.statistics),
            ('GET', '/metrics/snapshot', self.metrics),
            ('GET', '/version', lambda _: {'version': VERSION}),
            ('POST', '/stand-in/launch', self.launch),
            ('POST', '/stand-in/kill', self.kill),
        ]


def read_resources(flag):
    """`cpus:4;mem:1024;ports:[31000-32000]` over what the machine has."""
    own = {'cpus': float(os.cpu_count() or 1), 'mem': os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**20,
           'disk': 10240.0, 'gpus': 0.0, 'ports': PORTS}
    given = dict(pair.split(':', 1) for pair in flag.split(';') if pair)
    return {**own, **{name: value if name == 'ports' else float(value) for name, value in given.items()}}


def text_of(value):
    """Itself, or of the file that it names."""
    return open(value.removeprefix('file://')).read() if value.startswith(('/', 'file:///')) else value


def resident_bytes(pid):
    fields = (read_text(f'/proc/{pid}/statm') or '0 0').split()
    return int(fields[1]) * os.sysconf('SC_PAGE_SIZE')


def read_text(file):
    try:
        with open(file) as opened:
            return opened.read()
    except OSError:
        return None


def main():
    flags = read_flags(sys.argv[1:], FLAGS, ['master', 'work_dir'], 'MESOS_', ['no-'])
    flags.setdefault('ip', '0.0.0.0')
    agent = Agent(flags)
    # An executor of the real one outlives it; these processes do not.
    signal.signal(signal.SIGTERM, lambda *_: stop(agent))
    serve(flags['ip'], agent.port, agent.routes())
    agent.run()


def stop(agent):
    for task in agent.tasks.values():
        task.signal(signal.SIGTERM)
    os._exit(0)


if __name__ == '__main__':
    main()
