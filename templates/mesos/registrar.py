#!/usr/bin/env python3
# Says in etcd which tasks of Marathon take requests, as long as the Marathon of this master leads:
#   /bayou/services/SERVICE/TASK   address:port
#   /bayou/routes/SERVICE          mode, port and host names at the edge, for applications whose labels ask for it
# A service is a port of an application: the application's id with _ for /, and :1 and so on for its further ports.
# MARATHON is the address of this master's Marathon; etcdctl finds etcd by its own variables, ETCDCTL_….
import base64
import http.client
import ipaddress
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time

MARATHON = os.environ['MARATHON']
PREFIX = '/bayou/'
CALL_SECONDS = 10
# How often it looks without being told: while Marathon's events come, and while they do not.
QUIET_SECONDS, POLL_SECONDS = 5, 1
# How long it believes that etcd has what it wrote there.
TRUST_SECONDS = 60
# etcd takes 128 operations at once (--max-txn-ops).
BATCH = 100
EVENTS = ('status_update_event', 'health_status_changed_event', 'api_post_event', 'app_terminated_event',
          'deployment_info', 'deployment_success', 'unhealthy_task_kill_event')

APP = re.compile(r'/[a-z0-9./-]{1,200}')
TASK = re.compile(r'[A-Za-z0-9_.:-]{1,300}')
HOST = re.compile(r'(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*')
MAX_HOSTS = 32


def log(text):
    print(text, file=sys.stderr, flush=True)


def get(path):
    connection = http.client.HTTPConnection(MARATHON, timeout=CALL_SECONDS)
    try:
        connection.request('GET', path, headers={'Accept': 'application/json'})
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError(f'Marathon answers {answer.status} to {path}')
        return json.loads(answer.read())
    finally:
        connection.close()


def route(labels, index):
    """The value of a service's route; None when its application asks for none. A ValueError says what is wrong."""
    def label(name):
        return labels.get(f'BAYOU_{index}_{name}', labels.get(f'BAYOU_{name}') if index == 0 else None)

    port, hosts, mode = label('PORT'), label('HOST'), label('MODE')
    if port is None and hosts is None:
        return None
    if port is not None and not (re.fullmatch('[0-9]{1,5}', port) and 0 < int(port) < 65536):
        raise ValueError(f'{port!r} is no port')
    names = [name.strip().lower() for name in (hosts or '').split(',') if name.strip()]
    if len(names) > MAX_HOSTS or not all(HOST.fullmatch(name) for name in names):
        raise ValueError(f'{hosts!r} are no host names')
    port = int(port or 80)
    mode = mode or ('http' if names or port == 80 else 'tcp')
    if mode not in ('http', 'tcp') or (mode == 'tcp' and names):
        raise ValueError(f'{mode!r} is no mode of it')
    return ' '.join([mode, str(port), *([','.join(names)] if names else [])])


def takes_requests(app, task, is_there):
    """Runs, and is well where somebody looks. A Marathon that leads anew has not looked yet: then nothing changes."""
    if task.get('state') != 'TASK_RUNNING' or not TASK.fullmatch(task['id']) or not is_address(task.get('host')):
        return False
    results = [result for result in task.get('healthCheckResults') or [] if result]
    if not app.get('healthChecks') or (results and all(result.get('alive') for result in results)):
        return True
    return is_there and not any(result.get('lastFailure') for result in results)


def is_address(text):
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


def wanted(apps, there):
    """What is to be in etcd, and what is not at the edge as its owner may think it is. `there` is what etcd has."""
    entries, refused = {}, []
    for app in apps:
        if not APP.fullmatch(app['id']):
            continue
        name, served = app['id'][1:].replace('/', '_'), 0
        for task in app.get('tasks') or []:
            keys = [f'{PREFIX}services/{service(name, index)}/{task["id"]}' for index in range(len(task.get('ports') or []))]
            if takes_requests(app, task, any(key in there for key in keys)):
                served = max(served, len(keys))
                entries.update({key: f'{task["host"]}:{int(port)}' for key, port in zip(keys, task['ports'])})
        for index in range(served):
            try:
                value = route(app.get('labels') or {}, index)
                if value is not None:
                    entries[f'{PREFIX}routes/{service(name, index)}'] = value
            except ValueError as error:
                refused.append(f'{app["id"]}: {error}')
    return entries, refused


def service(name, index):
    return name if index == 0 else f'{name}:{index}'


def etcdctl(*arguments, text=None):
    done = subprocess.run(['etcdctl', *arguments], input=text, capture_output=True, text=True, timeout=CALL_SECONDS)
    if done.returncode != 0:
        raise OSError(f'etcd: {done.stderr.strip()[-300:]}')
    return done.stdout


def read():
    found = json.loads(etcdctl('get', '--prefix', PREFIX, '--write-out', 'json')).get('kvs', [])
    return {text_of(pair['key']): text_of(pair.get('value', '')) for pair in found}


def text_of(encoded):
    return base64.b64decode(encoded).decode(errors='replace')


def write(entries, there):
    changes = [f'del {json.dumps(key)}' for key in there if key not in entries]
    changes += [f'put "{key}" "{value}"' for key, value in entries.items() if there.get(key) != value]
    for start in range(0, len(changes), BATCH):
        # No conditions, these operations, and none for when the conditions are not met.
        etcdctl('txn', text='\n' + '\n'.join(changes[start:start + BATCH]) + '\n\n\n')
    if changes:
        log(f'{len(entries)} entries in etcd, {len(changes)} changed')


def listen(events):
    """Puts something in whenever Marathon tells of something, and None when it has stopped to."""
    query = '&'.join(f'event_type={name}' for name in EVENTS)
    connection = http.client.HTTPConnection(MARATHON, timeout=60)
    try:
        connection.request('GET', f'/v2/events?{query}', headers={'Accept': 'text/event-stream'})
        answer = connection.getresponse()
        if answer.status == 200:
            events.put(True)
            while line := answer.readline(65536):
                if line.startswith(b'event:'):
                    events.put(True)
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
        events.put(None)


def lead():
    """Until this Marathon leads no more, or something is away."""
    events, listens, said, there, read_at = queue.Queue(), False, [], {}, -TRUST_SECONDS
    while get('/v2/leader').get('leader') == MARATHON:
        if not listens:
            threading.Thread(target=listen, args=(events,), daemon=True).start()
            listens = True
        if time.monotonic() - read_at >= TRUST_SECONDS:
            there, read_at = read(), time.monotonic()
        entries, refused = wanted(get('/v2/apps?embed=apps.tasks')['apps'], there)
        write(entries, there)
        there = entries
        for text in refused if refused != said else []:
            log(f'not at the edge: {text}')
        said = refused
        try:
            heard = [events.get(timeout=QUIET_SECONDS)]
            # What happens together is written together.
            time.sleep(0.05)
            while not events.empty():
                heard.append(events.get())
            if None in heard:
                listens = False
                time.sleep(POLL_SECONDS)
        except queue.Empty:
            pass


def main():
    before = None
    while True:
        try:
            lead()
            text = 'another Marathon leads'
        except (OSError, ValueError, KeyError, http.client.HTTPException, subprocess.TimeoutExpired) as error:
            text = str(error) or type(error).__name__
        if text != before:
            log(text)
        before = text
        time.sleep(POLL_SECONDS)


if __name__ == '__main__':
    main()
