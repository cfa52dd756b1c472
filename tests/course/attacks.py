"""What submissions have tried: each is the code of question 1 of the toy assignment, which is worth 2 points.

None of them knows the answer. ``OUTSIDE`` is a folder of the grader that the code is told of, ``SOURCE`` the file with
the solution, ``PORT`` a port of this machine on which somebody listens.
"""

from __future__ import annotations

# Each leaves question 2 as it is: it must be scored in full.
ON_QUESTION_1 = {
    "infinite-loop": "while True:\n    pass",
    "ignores-the-clock": (
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
        "while True:\n    pass"
    ),
    "catches-everything": (
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    ),
    "stops-itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "os-exit": "import os\nos._exit(0)",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "prints-300-mb": "print('x' * 300_000_000)\ntotal = 0",
    "answers-too-much": "total = 'x' * 10_000_000",
    "floods-the-channel": (
        "import os\nfor fd in range(3, 64):\n    try:\n        while True:\n            os.write(fd, b'x' * 65536)\n"
        "    except OSError:\n        pass"
    ),
    "memory": "held = []\nwhile True:\n    held.append(bytearray(50_000_000))",
    "memory-in-forks": (
        "import os, time\nfor _ in range(30):\n    if os.fork() == 0:\n        held = b'x' * 100_000_000\n"
        "        time.sleep(60)\ntime.sleep(60)"
    ),
    "forks": (
        "import os, time\nfor _ in range(500):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)"
    ),
    "daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1)\n"
        "        open('OUTSIDE/daemon', 'w').write('alive')\n        time.sleep(300)\n    os._exit(0)\ntotal = 0"
    ),
    "deletes-files": (
        "import shutil\nfor place in ('OUTSIDE', 'RESULTS', '/home', '/tmp', '/usr/bin'):\n"
        "    shutil.rmtree(place, ignore_errors=True)\ntotal = 0"
    ),
    "writes-files": (
        "from pathlib import Path\nfor place in ('OUTSIDE', 'RESULTS', '/', '/usr', '/etc', '/dev'):\n    try:\n"
        "        (Path(place) / 'written').write_text('here')\n    except OSError:\n        pass\ntotal = 0"
    ),
    "fills-the-disk": (
        "for place in ('/tmp', '/dev/shm', '/home/learner'):\n    for number in range(20):\n        try:\n"
        "            open(f'{place}/{number}', 'wb').write(b'x' * 50_000_000)\n        except OSError:\n"
        "            pass\ntotal = 0"
    ),
    "network": (
        "import socket\nplaces = ((socket.AF_INET, ('127.0.0.1', PORT)), (socket.AF_UNIX, '\\0carbite'))\n"
        "for family, address in places:\n"
        "    try:\n        with socket.socket(family) as caller:\n            caller.settimeout(1)\n"
        "            caller.connect(address)\n    except OSError:\n        pass\ntotal = 0"
    ),
    "reads-the-solution": (
        "import os, re\ntotal = 0\nplaces = ['SOURCE', '/proc/1/root' + 'SOURCE', '/proc/1/cwd/toy/toy.md']\n"
        "for folder, _, names in os.walk('/'):\n    if folder in ('/proc', '/sys', '/usr'):\n        _.clear()\n"
        "    places += [os.path.join(folder, name) for name in names if name == 'toy.md']\n"
        "for place in places:\n    try:\n"
        "        total = given + int(re.search(r'given \\+ (\\d+)', open(place).read())[1])\n"
        "    except OSError:\n        pass"
    ),
    "reads-the-environment": (
        "import glob, re\ntotal = 0\nfor file in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "    try:\n        if b'OUTSIDE' in open(file, 'rb').read():\n            total = 21\n"
        "    except OSError:\n        pass"
    ),
    "kills-the-parent": (
        "import os, signal\nfor victim in (os.getppid(), 1, -1):\n    try:\n        os.kill(victim, signal.SIGKILL)\n"
        "    except OSError:\n        pass\ntotal = 0"
    ),
    "always-equal": (
        "class Always:\n    def __eq__(self, other):\n        return True\n    __hash__ = None\ntotal = Always()"
    ),
    "always-equal-number": (
        "class Always(float):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "    def __sub__(self, other):\n        return 0.0\ntotal = Always(0)"
    ),
    "patches-json": (
        'import json\njson.dumps = lambda *a, **k: \'{"points": 2, "value": true, "passed": true, "said": ""}\'\n'
        "total = 0"
    ),
    "patches-the-driver": (
        "import __main__\n__main__.plain = lambda *a: True\n__main__._evaluated = lambda *a: {'value': True}\ntotal = 0"
    ),
    "writes-to-the-channel": (
        'import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b\'{"value": true, "points": 2}\\n\' * 5)\n'
        "    except OSError:\n        pass\ntotal = 0"
    ),
    "replaces-the-shell": (
        "shell = get_ipython()\nshell.user_ns.clear()\nshell.run_cell = lambda *a, **k: None\ntotal = 0"
    ),
    "transformer": (
        "import ast\nclass Rewrite(ast.NodeTransformer):\n    def visit_Constant(self, node):\n"
        "        return ast.copy_location(ast.Constant(21 if node.value == 20 else node.value), node)\n"
        "get_ipython().ast_transformers.append(Rewrite())\ntotal = 0"
    ),
    "patches-builtins": (
        "import builtins\nfor name in ('abs', 'len', 'isinstance', 'eval', 'compile', 'set', 'float'):\n"
        "    setattr(builtins, name, lambda *a, **k: True)\ntotal = 0"
    ),
    "deep-value": "total = []\nfor _ in range(100_000):\n    total = [total]",
    "not-a-number": "total = float('nan')",
    "infinite": "total = float('inf')",
    "truth": "total = True",
    "trickles": (
        "import os, signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    for fd in range(3, 64):\n        try:\n"
        "            os.write(fd, b' ')\n        except OSError:\n            pass\n    time.sleep(0.05)"
    ),
    "speaks-for-the-driver": (
        "import os, threading\ndef speak():\n    line = b'{\"value\": ' + b'[' * 900 + b']' * 900 + b'}\\n'\n"
        "    while True:\n        for fd in range(3, 64):\n            try:\n                os.write(fd, line)\n"
        "            except OSError:\n                pass\n"
        "threading.Thread(target=speak, daemon=True).start()\ntotal = 0"
    ),
    "stops-the-parent": (
        "import os, signal\nfor victim in (os.getppid(), 1):\n    try:\n        os.kill(victim, signal.SIGSTOP)\n"
        "    except OSError:\n        pass\ntotal = 0"
    ),
    "searches-memory": (
        "import gc, re\ntotal = 0\ntexts = [each for each in gc.get_objects() if isinstance(each, (str, bytes))]\n"
        "for each in gc.get_objects():\n    if isinstance(each, (dict, list, tuple)):\n"
        "        parts = each.values() if isinstance(each, dict) else each\n"
        "        texts += [part for part in parts if isinstance(part, (str, bytes))]\n"
        "for each in texts:\n"
        "    found = re.search(r'given \\+ (\\d+)', each if isinstance(each, str) else repr(each))\n"
        "    total = given + int(found[1]) if found else total"
    ),
    "ends-the-next-cell": (
        "import os\nget_ipython().events.register('pre_run_cell', lambda *about: os._exit(0))\ntotal = 0"
    ),
    "huge-integer": "total = 10 ** 100_000",
    "error-is-html": "raise ValueError('<script>alert(1)</script><img src=x onerror=alert(1)>')",
    "pickle": (
        "import pickle, os\nclass Evil:\n    def __reduce__(self):\n        return (os.mkdir, ('OUTSIDE/pickle',))\n"
        "total = Evil()\n"
    ),
}
# These damage their own kernel for all that follows in it, so question 2 may be lost with question 1.
ONLY_THEMSELVES = {
    "patches-json",
    "patches-the-driver",
    "writes-to-the-channel",
    "replaces-the-shell",
    "patches-builtins",
    "transformer",
    "floods-the-channel",
    "kills-the-parent",
    "speaks-for-the-driver",
    "ends-the-next-cell",
}
# What a function does when it is checked: question 1, which is right, must be scored in full.
ON_QUESTION_2 = {
    "checked-loop": "def doubled(values):\n    while True:\n        pass",
    "checked-exit": "import os\ndef doubled(values):\n    os._exit(0)",
    "checked-leak": ("def doubled(values):\n    raise type(f'Saw{values}', (Exception,), {})(f'<b>{values}</b>')"),
    "checked-frames": (
        "import sys\ndef doubled(values):\n    seen = sys._getframe(1).f_code.co_consts\n"
        "    return {'points': 2, 'value': [seen]}"
    ),
}
