"""What the leading Marathon does: keeps its applications in ZooKeeper, and has the agents run as many tasks of each as it
wants. Tasks are what the Mesos master says; what is to be known of one later goes with it as labels.
"""
import http.client
import json
import queue
import random
import re
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from stand_in import Answer, call, leading_master, log, timestamp

TERMINAL = ('TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST')
LOOK_SECONDS = 0.2
# An agent that the master does not list may be on its way to a new master.
MISSING_SECONDS = 10
SETTLE_SECONDS = 2
DEFAULTS = {'cmd': None, 'args': None, 'instances': 1, 'cpus': 1.0, 'mem': 128.0, 'disk': 0.0, 'env': {}, 'labels': {},
            'constraints': [], 'healthChecks': [], 'requirePorts': False, 'backoffSeconds': 1, 'backoffFactor': 1.15,
            'maxLaunchDelaySeconds': 300, 'taskKillGracePeriodSeconds': 3, 'networks': [{'mode': 'host'}],
            'upgradeStrategy': {'minimumHealthCapacity': 1.0, 'maximumOverCapacity': 1.0}}
CHECK_DEFAULTS = {'protocol': 'HTTP', 'path': '/', 'portIndex': 0, 'gracePeriodSeconds': 300, 'intervalSeconds': 60,
                  'timeoutSeconds': 20, 'maxConsecutiveFailures': 3}
CHECKS = ('HTTP', 'MESOS_HTTP', 'TCP', 'MESOS_TCP')
SEGMENT = re.compile(r'[a-z0-9]([a-z0-9.-]*[a-z0-9])?')


def complete(given, version):
    """An application with all its fields. What is wrong with it is 422, as Marathon has it."""
    app = {**DEFAULTS, **given, 'id': '/' + str(given.get('id', '')).strip('/'), 'version': version}
    ports = app.pop('ports', None)
    if 'portDefinitions' not in app:
        app['portDefinitions'] = [{'port': port, 'protocol': 'tcp'} for port in ([0] if ports is None else ports)]
    app['healthChecks'] = [{**CHECK_DEFAULTS, **check} for check in app['healthChecks']]
    if not all(SEGMENT.fullmatch(part) for part in app['id'][1:].split('/')):
        invalid('/id', 'must fully match regular expression')
    if not isinstance(app['cmd'], str):
        invalid('/', "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.")
    if not isinstance(app['instances'], int) or app['instances'] < 0:
        invalid('/instances', 'must be greater than or equal to 0')
    if any(check['protocol'] not in CHECKS for check in app['healthChecks']):
        invalid('/healthChecks', f"this stand-in has {', '.join(CHECKS)}")
    return app


def invalid(path, error):
    raise Answer(422, {'message': 'Object is not valid', 'details': [{'path': path, 'errors': [error]}]})


class Core:
    def __init__(self, zookeeper, settings):
        self.zookeeper, self.settings = zookeeper, settings
        self.apps_path, self.framework_path = f"{settings['path']}/stand-in/apps", f"{settings['path']}/stand-in/framework"
        self.lock, self.listeners = threading.RLock(), []
        self.tasks, self.health, self.killed, self.failures, self.deployments = {}, {}, {}, {}, {}
        self.missing, self.master, self.settled_at = {}, None, 0
        # The real one has its tasks in its store, and leads once it has read them; this one hears of them from Mesos.
        self.knows_tasks = False
        self.checks = ThreadPoolExecutor(16)
        zookeeper.ensure(self.apps_path)
        names = zookeeper.children(self.apps_path)
        stored = [json.loads(zookeeper.get(f'{self.apps_path}/{name}')) for name in names]
        self.apps = {app['id']: app for app in stored}
        self.framework_id = (zookeeper.get(self.framework_path) or b'').decode() or None

    # Applications.

    def keep(self, app, deployment=None):
        with self.lock:
            self.zookeeper.put(self.node_of(app['id']), json.dumps(app))
            self.apps[app['id']] = app
            self.failures.pop(app['id'], None)
            return self.deploy(app['id'], deployment)

    def remove(self, app_id):
        with self.lock:
            self.zookeeper.delete(self.node_of(app_id))
            del self.apps[app_id]
            return self.deploy(app_id)

    def node_of(self, app_id):
        return f"{self.apps_path}/{app_id[1:].replace('/', '_')}"

    def deploy(self, app_id, deployment=None):
        identity = deployment or str(uuid.uuid4())
        version = self.apps.get(app_id, {}).get('version', timestamp())
        self.deployments[app_id] = {'id': identity, 'version': version, 'affectedApps': [app_id]}
        self.tell('deployment_info', {'plan': {'id': identity}, 'currentStep': {'actions': [{'app': app_id}]}})
        return {'version': version, 'deploymentId': identity}

    def refuse_if_locked(self, app_id, force):
        found = self.deployments.get(app_id)
        if found is not None and not force:
            message = "App is locked by one or more deployments. Override with the option '?force=true'."
            raise Answer(409, {'message': message, 'deployments': [{'id': found['id']}]})

    # Events.

    def tell(self, event_type, fields):
        event = {**fields, 'eventType': event_type, 'timestamp': timestamp()}
        for listener in list(self.listeners):
            listener.put(event)

    def listen(self):
        listener = queue.Queue()
        self.listeners.append(listener)
        return listener

    # The loop.

    def run(self):
        while True:
            try:
                self.look()
            except OSError as error:
                log(f'Mesos: {error}')
            time.sleep(LOOK_SECONDS)

    def look(self):
        master = leading_master(self.zookeeper, self.settings['mesos_path'])
        if master is None:
            return
        if master != self.master:
            self.master, self.settled_at = master, time.monotonic() + SETTLE_SECONDS
        named = {name: self.settings[name] for name in ('name', 'hostname', 'webui_url')}
        answer = call('POST', master, '/stand-in/frameworks', {'id': self.framework_id, **named})
        with self.lock:
            if self.framework_id != answer['id']:
                self.framework_id = answer['id']
                self.zookeeper.put(self.framework_path, self.framework_id)
            self.learn(answer['tasks'], {agent['id'] for agent in answer['agents']})
            if time.monotonic() > self.settled_at:
                self.knows_tasks = True
                for app_id in {*self.apps, *(task['labels']['app'] for task in self.tasks.values())}:
                    self.converge(app_id, answer['agents'])

    def learn(self, reported, agent_ids):
        now = time.monotonic()
        if 'task_killing' not in self.settings['features']:
            reported = [{**task, 'state': 'TASK_RUNNING'} if task['state'] == 'TASK_KILLING' else task for task in reported]
        known = {task['id'] for task in reported}
        for identity, task in list(self.tasks.items()):
            since = self.missing.setdefault(identity, now) if identity not in known else now
            is_missed = task['slave_id'] in agent_ids and not task.get('is_new')
            if identity not in known and (is_missed or now - since > MISSING_SECONDS):
                reported.append({**task, 'state': 'TASK_LOST'})
        for task in reported:
            before = self.tasks.get(task['id'], {}).get('state')
            self.missing.pop(task['id'], None)
            if task['state'] in TERMINAL:
                self.tasks.pop(task['id'], None)
                self.health.pop(task['id'], None)
            else:
                self.tasks[task['id']] = task
            if before != task['state'] and (before is not None or task['state'] not in TERMINAL):
                self.tell_status(task)
                if task['state'] in ('TASK_FAILED', 'TASK_FINISHED', 'TASK_LOST') and task['id'] not in self.killed:
                    self.delay_next(task['labels']['app'])

    def tell_status(self, task):
        self.tell('status_update_event', {'slaveId': task['slave_id'], 'taskId': task['id'], 'taskStatus': task['state'],
                                          'appId': task['labels']['app'], 'host': task['hostname'], 'ports': task['ports'],
                                          'message': '', 'version': task['labels']['version']})

    def delay_next(self, app_id):
        app = self.apps.get(app_id)
        if app is not None:
            count = self.failures.get(app_id, (0, 0))[0] + 1
            delay = min(app['backoffSeconds'] * app['backoffFactor'] ** count, app['maxLaunchDelaySeconds'])
            self.failures[app_id] = (count, time.monotonic() + delay)

    def converge(self, app_id, agents):
        app = self.apps.get(app_id)
        mine = [task for task in self.tasks.values() if task['labels']['app'] == app_id]
        going = [task for task in mine if task['state'] != 'TASK_KILLING' and task['id'] not in self.killed]
        if app is None:
            for task in going:
                self.kill(task)
        else:
            for task in mine:
                self.check(app, task)
            self.scale(app, going, agents)
        if app_id in self.deployments and self.is_converged(app, mine):
            done = self.deployments.pop(app_id)
            self.tell('deployment_step_success', {'plan': {'id': done['id']}})
            self.tell('deployment_success', {'id': done['id'], 'plan': {'id': done['id']}})
            if app is None:
                self.tell('app_terminated_event', {'appId': app_id})

    def scale(self, app, going, agents):
        wanted = app['instances']
        current = [task for task in going if task['labels']['version'] == app['version']]
        old = [task for task in going if task['labels']['version'] != app['version']]
        for _ in range(wanted - len(current)):
            if time.monotonic() < self.failures.get(app['id'], (0, 0))[1] or not self.launch(app, agents):
                break
        youngest = sorted(current, key=lambda task: task['labels']['staged'], reverse=True)
        ready = sum(self.is_ready(app, task) for task in current)
        needed = app['upgradeStrategy']['minimumHealthCapacity'] * wanted
        may_go = len(old) if ready >= wanted else max(0, int(ready + len(old) - needed))
        for task in youngest[:max(0, len(current) - wanted)] + old[:may_go]:
            self.kill(task)

    def is_converged(self, app, mine):
        if app is None:
            return not mine
        return len(mine) == app['instances'] and all(
            task['labels']['version'] == app['version'] and self.is_ready(app, task) for task in mine)

    def is_ready(self, app, task):
        checked = self.health.get(task['id'], {}).get('alive', False)
        return task['state'] == 'TASK_RUNNING' and (not app['healthChecks'] or checked)

    def launch(self, app, agents):
        """Where the fewest of its tasks are. False when no agent has room."""
        def load(agent):
            on_it = [task for task in self.tasks.values() if task['slave_id'] == agent['id']]
            return sum(task['labels']['app'] == app['id'] for task in on_it), len(on_it)

        unique = any(constraint[:2] == ['hostname', 'UNIQUE'] for constraint in app['constraints'])
        fit = [agent for agent in agents if self.has_room(agent, app) and not (unique and load(agent)[0])]
        if not fit:
            return False
        agent = min(fit, key=load)
        ports = self.choose_ports(agent, app)
        identity = f"{app['id'][1:].replace('/', '_')}.instance-{uuid.uuid1()}._app.1"
        labels = {'app': app['id'], 'version': app['version'], 'staged': timestamp()}
        task = {'id': identity, 'name': '.'.join(reversed(app['id'][1:].split('/'))), 'framework_id': self.framework_id,
                'command': app['cmd'], 'environment': environment(app, agent['hostname'], ports), 'labels': labels,
                'resources': {name: app[name] for name in ('cpus', 'mem', 'disk')}, 'ports': ports,
                'grace_seconds': app['taskKillGracePeriodSeconds']}
        call('POST', self.master, '/stand-in/launch', {'agent_id': agent['id'], 'task': task})
        self.tasks[identity] = {**task, 'slave_id': agent['id'], 'hostname': agent['hostname'], 'state': 'TASK_STAGING',
                                'is_new': True}
        return True

    def has_room(self, agent, app):
        used = [task['resources'] for task in self.tasks.values() if task['slave_id'] == agent['id']]
        return all(sum(each[name] for each in used) + app[name] <= agent['resources'][name] for name in ('cpus', 'mem'))

    def choose_ports(self, agent, app):
        first, last = map(int, re.match(r'\[(\d+)-(\d+)', agent['resources']['ports']).groups())
        taken = {port for task in self.tasks.values() if task['slave_id'] == agent['id'] for port in task['ports']}
        definitions = app['portDefinitions']
        if app['requirePorts']:
            return [definition['port'] for definition in definitions]
        return random.sample([port for port in range(first, last + 1) if port not in taken], len(definitions))

    def kill(self, task):
        self.killed[task['id']] = time.monotonic()
        order = {'agent_id': task['slave_id'], 'task_id': task['id'], 'grace_seconds': task['grace_seconds']}
        try:
            call('POST', self.master, '/stand-in/kill', order)
        except OSError as error:
            log(f"kill of {task['id']}: {error}")
            del self.killed[task['id']]

    # Health checks.

    def check(self, app, task):
        """Starts a check when its time has come."""
        if not app['healthChecks'] or task['state'] != 'TASK_RUNNING':
            return
        check, now = app['healthChecks'][0], time.monotonic()
        result = self.health.setdefault(task['id'], {'alive': False, 'consecutiveFailures': 0, 'since': now, 'due': 0})
        # Until it is well for the first time it is looked at each second: nobody has to wait for the whole interval.
        if now >= result['due']:
            result['due'] = now + (check['intervalSeconds'] if result['alive'] else min(1, check['intervalSeconds']))
            self.checks.submit(self.run_check, task, check, result)

    def run_check(self, task, check, result):
        alive, before = answers(task, check), result['alive']
        with self.lock:
            result['consecutiveFailures'] = 0 if alive else result['consecutiveFailures'] + 1
            result['lastSuccess' if alive else 'lastFailure'] = timestamp()
            result['alive'] = alive
            if before != alive:
                self.tell('health_status_changed_event', {'appId': task['labels']['app'], 'taskId': task['id'],
                                                          'version': task['labels']['version'], 'alive': alive})
            in_grace = time.monotonic() - result['since'] < check['gracePeriodSeconds'] and 'lastSuccess' not in result
            if result['consecutiveFailures'] >= check['maxConsecutiveFailures'] > 0 and not in_grace:
                self.tell('unhealthy_task_kill_event', {'appId': task['labels']['app'], 'taskId': task['id']})
                self.kill(task)


def answers(task, check):
    host, port, seconds = task['hostname'], task['ports'][check['portIndex']], check['timeoutSeconds']
    try:
        if check['protocol'].endswith('TCP'):
            socket.create_connection((host, port), seconds).close()
            return True
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        connection.request('GET', check['path'])
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False


def environment(app, host, ports):
    """What Marathon gives to a task (Marathon's documentation, "Task Environment Variables")."""
    numbered = {f'PORT{index}': str(port) for index, port in enumerate(ports)}
    named = {f"PORT_{definition['name'].upper()}": str(port)
             for definition, port in zip(app['portDefinitions'], ports) if 'name' in definition}
    first = {'PORT': str(ports[0])} if ports else {}
    own = {'HOST': host, 'PORTS': ','.join(map(str, ports)), 'MARATHON_APP_ID': app['id'],
           'MARATHON_APP_VERSION': app['version'], 'MARATHON_APP_LABELS': ' '.join(app['labels'])}
    return {**{name: str(value) for name, value in app['env'].items()}, **numbered, **named, **first, **own}
