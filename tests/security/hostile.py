"""Projects that somebody wrote to hurt: each the files of one, with what is told of it."""

from __future__ import annotations

API = """\
services:
  web:
    build: ./web
    environment:
      API_URL: http://api:8000
  api:
    build: ./api
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/health"]
"""
HEALTH = """\
services:
  web:
    build: ./web
    environment:
      API_URL: http://api:8000
  api:
    build: ./api
    healthcheck:
      test: {test}
"""
PYTHON = {
    "api/Dockerfile": 'FROM python:3.11\nCOPY . .\nCMD ["python", "main.py"]\n',
    "web/Dockerfile": "FROM node:20\n",
}


def compose(text: str, **files: str | bytes) -> dict[str, str | bytes]:
    return {"docker-compose.yml": text, "web/Dockerfile": "FROM node:20\n", "api/Dockerfile": "FROM node:20\n", **files}


def with_value(value: str) -> dict[str, str | bytes]:
    return compose(API + f"  other:\n    build: ./api\n    environment:\n      X: {value}\n")


def health(test: str) -> dict[str, str | bytes]:
    return compose(HEALTH.format(test=test))


def shell(command: str) -> dict[str, str | bytes]:
    import json

    return health(json.dumps(["CMD-SHELL", command]))


def exec_(*words: str) -> dict[str, str | bytes]:
    import json

    return health(json.dumps(["CMD", *words]))


def source(name: str, text: str | bytes, dockerfile: str = "FROM node:20\nCOPY . .\n") -> dict[str, str | bytes]:
    return {**compose(API), "api/Dockerfile": dockerfile, f"api/{name}": text}


def nginx(text: str) -> dict[str, str | bytes]:
    return {**compose(API), "api/Dockerfile": "FROM nginx\nCOPY . /etc/nginx/conf.d/\n", "api/nginx.conf": text}


def lol(levels: int, width: int = 10) -> str:
    rows = ["x-a0: &a0 {k: v}"]
    rows += [f"x-a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * width) + "]" for n in range(1, levels + 1)]
    return "\n".join(rows) + "\n"


def lolmerge(levels: int, width: int = 10) -> str:
    rows = ["x-a0: &a0 {k: v}"]
    rows += [f"x-a{n}: &a{n}\n  <<: [" + ", ".join([f"*a{n - 1}"] * width) + "]" for n in range(1, levels + 1)]
    return "\n".join(rows) + "\n"


def lolmap(levels: int, width: int = 10) -> str:
    rows = ["x-a0: &a0 http://api:8000"]
    members = [", ".join(f"k{i}: *a{n - 1}" for i in range(width)) for n in range(1, levels + 1)]
    rows += [f"x-a{n}: &a{n} {{{inner}}}" for n, inner in enumerate(members, 1)]
    return "\n".join(rows) + "\n"


NAMES = "n" * 300
PROJECTS: dict[str, dict[str, str | bytes]] = {
    "dockerignore-stars": source("main.js", "require('http')\n")
    | {"api/.dockerignore": "*a" * 30 + "b\n", "api/" + "a" * 200 + ".js": "x\n"},
    "dockerignore-classes": source("main.js", "require('http')\n")
    | {"api/.dockerignore": "*[a]" * 30 + "b\n", "api/" + "a" * 200 + ".js": "x\n"},
    "gitignore-no-patterns": compose(API)
    | {".gitignore": "!\n\\\n[b-a]\na\\\n[[:x:]]\n", "api/x.js": "http://api:8000\n"},
    "gitignore-certs-dir": compose("x-aicos-tls: {certs-dir: " + "a" * 200 + "}\n" + API)
    | {".gitignore": "*a" * 30 + "b\n"},
    "gitignore-16-mib": compose(API) | {".gitignore": "".join(f"*{i}\n" for i in range(2_000_000))},
    "dockerignore-doublestars": source("main.js", "require('http')\n")
    | {"api/.dockerignore": "**/a" * 20 + "/b\n", "api/" + "a/" * 60 + "x.js": "x\n"},
    "dockerignore-many": source("main.js", "require('http')\n")
    | {"api/.dockerignore": "".join(f"x{i}*y\n" for i in range(50000))},
    "dockerignore-class": source("main.js", "require('http')\n")
    | {"api/.dockerignore": "[" * 20000 + "\n" + "[]" * 20000},
    "gitignore-stars": compose(API)
    | {".gitignore": "*a" * 30 + "b\n", "a" * 200 + ".js": "x\n", "api/" + "a" * 200 + ".js": "http://api:8000\n"},
    "gitignore-doublestars": compose(API)
    | {".gitignore": "**/a/" * 20 + "b\n", "a/" * 60 + "x.js": "http://api:8000\n"},
    "gitignore-many": compose(API)
    | {".gitignore": "".join(f"x{i}*y\n" for i in range(50000)), **{f"api/f{i}.js": "x" for i in range(20)}},
    "urls-in-one-value": with_value('"' + " ".join(["http://api:80"] * 2000) + '"'),
    "urls-in-one-value-100k": with_value('"' + ",".join(["http://api:80"] * 8000) + '"'),
    "urls-at": with_value('"' + "http://" * 20000 + '"'),
    "urls-dollar": with_value('"' + "http://${" * 10000 + '"'),
    "urls-dollar-paren": with_value('"' + "http://$(" * 10000 + '"'),
    "dollars": with_value('"' + "${A:-" * 20000 + "}" * 20000 + '"'),
    "dollars-open": with_value('"' + "${" * 50000 + '"'),
    "dollars-open-2": with_value('"' + "$${" * 50000 + "://" + '"'),
    "schemes": with_value('"' + "${A:-http}://api " * 3000 + '"'),
    "brackets": with_value('"' + "http://[" * 10000 + '"'),
    "colons": with_value('"http://api' + ":1" * 30000 + '"'),
    "ats": with_value('"http://' + "a:b@" * 20000 + 'api"'),
    "masks": with_value('"' + "://a:" * 20000 + '"'),
    "comments-equal": compose("# same\n" * 10000 + API + "# same\n" * 10000),
    "comments-equal-2": compose(
        API.replace("      API", "      # c\n" * 10000 + "      API").replace(
            "    build: ./api", "    # c\n" * 10000 + "    build: ./api"
        )
    ),
    "blank-lines": compose("\n" * 50000 + API + "\n" * 50000),
    "documents": compose("---\n" * 5000 + API),
    "documents-2": compose("---\n{}\n" * 5000 + API),
    "documents-services": compose("---\nservices: {web: {image: x}}\n" * 5000),
    "aliases-9": compose(lol(9) + API),
    "aliases-map-9": compose(lolmap(9) + API),
    "aliases-merge-9": compose(lolmerge(9) + API),
    "aliases-env": compose(lolmap(9) + API + "  other:\n    build: ./api\n    environment: *a9\n"),
    "aliases-25-2": compose(lol(25, 2) + API),
    "aliases-of-a-url": compose(
        "x-u: &u http://s1:80\nservices:\n"
        + "".join(f"  s{i}: {{build: ., user: *u, environment: {{U{i}: *u}}}}\n" for i in range(3_000))
    ),
    "anchors-chain": compose(
        "".join(f"x-{i}: &a{i} {{<<: *a{i - 1}, k{i}: v}}\n" if i else "x-0: &a0 {k: v}\n" for i in range(3000)) + API
    ),
    "nested-flow": compose(API + "x-y: " + "[" * 100000 + "]" * 100000),
    "nested-flow-199": compose(API + "x-y: " + "[" * 190 + "]" * 190),
    "nested-maps": compose(API + "x-y: " + "{a: " * 190 + "}" * 190),
    "nested-merge-sequences": compose("x-y:\n  <<: " + "[" * 190 + "]" * 190 + "\n" + API),
    "services-20000": compose("services:\n" + "".join(f"  s{i}: {{image: x}}\n" for i in range(20000))),
    "services-2000-linked": compose(
        "services:\n"
        + "".join(
            f"  s{i}:\n    build: .\n    environment:\n      U: http://s{(i + 1) % 2000}:80\n" for i in range(2000)
        )
    ),
    "services-prefix": compose("services:\n" + "".join("  " + "a" * 200 + f"{i}: {{build: .}}\n" for i in range(2000))),
    "variables-20000": compose(
        "services:\n  api:\n    build: .\n    environment:\n"
        + "".join(f"      V{i}: http://api:80\n" for i in range(20000))
    ),
    "extends-chain": compose(
        "services:\n  s0: {build: .}\n" + "".join(f"  s{i}: {{extends: s{i - 1}}}\n" for i in range(1, 3000))
    ),
    "extends-fan": compose(
        "services:\n  s0: {build: .}\n"
        + "".join(f"  s{i}:\n    extends: {{service: s{i - 1}}}\n" for i in range(1, 150))
    ),
    "extends-cycle": compose("services:\n  a: {extends: b}\n  b: {extends: a}\n"),
    "include-chain": {
        "docker-compose.yml": "include: [f0.yml]\n" + API,
        **{f"f{i}.yml": f"include: [f{i + 1}.yml]\n" for i in range(1500)},
        "f1500.yml": "services: {}\n",
    },
    "include-self": compose("include: [docker-compose.yml]\n" + API),
    "include-many": compose("include: [" + ", ".join(["f.yml"] * 50000) + "]\n" + API, **{"f.yml": "x-a: 1\n"}),
    "env-files-many": compose(
        API.replace("    build: ./web\n", "    build: ./web\n    env_file: [" + ", ".join(["a.env"] * 20000) + "]\n"),
        **{"a.env": "A=1\n"},
    ),
    "port-4400": with_value('"http://api:' + "1" * 4400 + '"'),
    "port-4400-published": compose(API + '    ports: ["' + "1" * 4400 + ":" + "2" * 4400 + '"]\n'),
    "port-4400-expose": compose(API + '    expose: ["' + "1" * 4400 + '"]\n'),
    "port-range": compose(API + '    ports: ["1-4000000000:1-4000000000"]\n'),
    "port-superscript": compose(API + '    ports: ["\u00b2:\u00b2"]\n    expose: ["\u0663"]\n'),
    "port-dict-4400": compose(API + "    ports: [{target: " + "1" * 4400 + ", published: " + "1" * 4400 + "}]\n"),
    "port-health": exec_("curl", "http://localhost:" + "1" * 4400 + "/"),
    "port-health-py": exec_(
        "python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:" + "1" * 4400 + "/')"
    ),
    "int-python": exec_(
        "python",
        "-c",
        "import urllib.request; urllib.request.urlopen('http://localhost:80/', timeout=" + "1" * 5000 + ")",
    ),
    "dotenv-doubling": compose(
        API, **{".env": "A0=xxxxxxxxxx\n" + "".join(f"A{i}=${{A{i - 1}}}${{A{i - 1}}}\n" for i in range(1, 60))}
    ),
    "dotenv-quote": compose(API, **{".env": 'A="' * 30000}),
    "dotenv-backslash": compose(API, **{".env": 'A="' + "\\" * 100000}),
    "dotenv-quotes-lines": compose(API, **{".env": 'A="x\n' * 30000}),
    "dotenv-squotes-lines": compose(API, **{".env": "A='x\n" * 30001}),
    "dotenv-blanks": compose(API, **{".env": " " * 100000 + "x\n"}),
    "dotenv-blank-comment": compose(API, **{".env": "A=" + " " * 60000 + "x\n"}),
    "dotenv-blank-comment-2": compose(API, **{".env": "A=x" + " \t#" * 30000 + "x\n"}),
    "dotenv-blanks-in-a-value": compose(API, **{".env": "A=b" + " " * 100_000 + "x\n"}),
    "dotenv-blanks-in-values": compose(API, **{".env": ("A=b" + " \t" * 10_000 + "x\n") * 50}),
    "dotenv-nested": compose(API, **{".env": "A=" + "${A:-" * 20000 + "}" * 20000 + "\n"}),
    "dotenv-many": compose(API, **{".env": "".join(f"A{i}=${{A{i - 1}}}x\n" for i in range(20000))}),
    "arg-doubling": compose(API)
    | {
        "api/Dockerfile": "ARG A0=xxxxxxxxxx\n"
        + "".join(f"ARG A{i}=${{A{i - 1}}}${{A{i - 1}}}\n" for i in range(1, 60))
        + "FROM ${A59}\n"
    },
    "env-doubling": compose(API)
    | {
        "api/Dockerfile": "FROM node\nENV A0=xxxxxxxxxx\n"
        + "".join(f"ENV A{i}=${{A{i - 1}}}${{A{i - 1}}}\n" for i in range(1, 60))
        + "CMD node ${A59}\n"
    },
    "from-cyclic": compose(API) | {"api/Dockerfile": "FROM b AS a\nFROM a AS b\nFROM b as a\nFROM a as b\n"},
    "from-self": compose(API) | {"api/Dockerfile": "FROM a AS a\n" * 40},
    "from-doubling": compose(API) | {"api/Dockerfile": "FROM node AS a\nONBUILD RUN x\n" + "FROM a AS a\n" * 4000},
    "onbuild": compose(API)
    | {"api/Dockerfile": "FROM node AS a\nONBUILD ONBUILD RUN x\n" + "ONBUILD RUN y\nFROM a AS a\n" * 2000},
    "stage-long": compose(API) | {"api/Dockerfile": "FROM node\n" + "RUN x\n" * 30000},
    "dockerfile-heredoc": compose(API) | {"api/Dockerfile": "FROM node\n" + "RUN <<A <<B\n" * 20000},
    "dockerfile-heredocs": compose(API) | {"api/Dockerfile": "FROM node\nRUN " + "<<A " * 50000 + "\n"},
    "dockerfile-continued": compose(API) | {"api/Dockerfile": "FROM node\nRUN a \\\n" + "b \\\n" * 50000},
    "dockerfile-escape": compose(API) | {"api/Dockerfile": "FROM node\nRUN " + "\\ " * 50000 + "\n"},
    "dockerfile-options": compose(API) | {"api/Dockerfile": "FROM node\nHEALTHCHECK " + "--a=" * 30000 + " CMD x\n"},
    "dockerfile-options-2": compose(API) | {"api/Dockerfile": "FROM node\nHEALTHCHECK " + '--a="' * 30000 + "\n"},
    "dockerfile-options-3": compose(API) | {"api/Dockerfile": "FROM node\nHEALTHCHECK " + "--a=x " * 30000 + "\n"},
    "dockerfile-pairs": compose(API) | {"api/Dockerfile": "FROM node\nENV " + 'A="' * 30000 + "\n"},
    "dockerfile-json": compose(API) | {"api/Dockerfile": "FROM node\nCMD " + "[" * 100000 + "\n"},
    "dockerfile-json-2": compose(API) | {"api/Dockerfile": "FROM node\nCMD " + "[" * 100000 + "]" * 100000 + "\n"},
    "dockerfile-copy": compose(API) | {"api/Dockerfile": "FROM node\n" + "COPY a b\n" * 20000},
    "dockerfile-copy-globs": compose(API)
    | {"api/Dockerfile": "FROM node\nCOPY " + "*a" * 30 + "b /x/\n", "api/" + "a" * 200 + ".js": "x\n"},
    "dockerfile-from-long": compose(API) | {"api/Dockerfile": "FROM " + "a" * 100000 + "\n"},
    "dockerfile-words": compose(API) | {"api/Dockerfile": "FROM node\nRUN " + "\"'" * 50000 + "\n"},
    "dockerfile-copy-nothing": compose(API) | {"api/Dockerfile": "FROM node\nCOPY \nADD\nCOPY []\nCOPY x\n"},
    "dockerfile-sudo": compose(API) | {"api/Dockerfile": "FROM node\nRUN " + "sudo " * 20_000 + "useradd x\nUSER x\n"},
    "dockerfile-run-env": compose(API)
    | {
        "api/Dockerfile": "FROM node\n" + "".join(f"ENV A{i}=b\nRUN useradd $A{i}\n" for i in range(9_000)) + "USER b\n"
    },
    "dockerfile-args": compose(API)
    | {"api/Dockerfile": "FROM node\n" + "".join(f"ARG A{i}=b\n" for i in range(19_000))},
    "dockerfile-passwd": compose(API)
    | {
        "api/Dockerfile": "FROM node AS b\n"
        + "RUN useradd x\n" * 9_000
        + "FROM node\n"
        + "COPY --from=b /etc/passwd /etc/passwd\n" * 500
        + "USER x\n"
    },
    "dockerfile-open-braces": compose(API) | {"api/Dockerfile": "FROM node\nENV A=b\nUSER " + "${A:-x" * 40_000 + "\n"},
    "dockerfile-long-run": compose(API)
    | {"api/Dockerfile": "FROM node\nRUN useradd " + "x" * 8_000_000 + "\nUSER x\n"},
    "dockerfile-apk": compose(API)
    | {"api/Dockerfile": "FROM node\nRUN " + "apk " * 60_000 + "\nHEALTHCHECK CMD curl http://localhost:8000/\n"},
    "dockerfile-directive": compose(API) | {"api/Dockerfile": "#a=b" + " " * 200_000 + "c\nFROM node\n"},
    "dockerfile-surrogate": compose(API)
    | {"api/Dockerfile": 'FROM node\nCMD ["\\ud800"]\nHEALTHCHECK CMD ["curl", "http://localhost:80/\\ud800"]\n'},
    "nginx-proxies": nginx("server {\n" + "proxy_pass http://web;\n" * 9_000 + "}\n"),
    "nginx-sets": nginx("server {" + "set $v web;\n" * 9_000 + "proxy_pass http://$v;\n" * 9_000 + "}"),
    "nginx-members": nginx(
        "upstream p {" + "server web:1;" * 9_000 + "}\n" + "location / {}\nproxy_pass http://p;" * 5_000
    ),
    "nginx-unused-upstreams": nginx(
        "".join(f"upstream p{i} {{ server web:1; }}\n" for i in range(6_000))
        + "".join(f"set $x{i} y;\n" for i in range(6_000))
    ),
    "nginx-one-line": nginx("server { location / { proxy_pass http://web; } listen 80; } " * 4_000),
    "nginx-semicolons": nginx("location / {}\n" + "a;" * 2_000_000),
    "toml-deep": compose(API, **{"aicos-tls.toml": "a = " + "[" * 50000 + "]" * 50000}),
    "toml-connections": compose(
        API, **{"aicos-tls.toml": '[[connection]]\nclient = "api"\nserver = "api"\nport = 1\n' * 20000}
    ),
    "toml-connection-number": compose(
        API, **{"aicos-tls.toml": '[[connection]]\nclient = "api"\nserver = "api"\nport = 0x' + "f" * 100000}
    ),
    "toml-large": compose(API, **{"aicos-tls.toml": "# " + "a" * 5_000_000}),
    "toml-tables": compose(API, **{"aicos-tls.toml": "[" + ".".join("a" * 1 for _ in range(20000)) + "]\n"}),
    "pyproject-deep": source("pyproject.toml", "a = " + "[" * 50000 + "]" * 50000, PYTHON["api/Dockerfile"]),
    "package-json-deep": source("package.json", "[" * 100000 + "]" * 100000),
    "package-json-int": source("package.json", '{"type": ' + "1" * 5000 + "}"),
    "package-json-list": source("package.json", "[1]"),
    "package-json-odd": source("package.json", '{"scripts": [], "dependencies": 7, "main": {}}'),
    "tsconfig-deep": source("tsconfig.json", "[" * 100000),
    "nest-deep": source("nest-cli.json", "[" * 100000),
    "compose-json": {"docker-compose.yml": "{" + '"a":{' * 100000 + "}" * 100001},
    "ors": shell("||".join(["curl http://localhost:8000/"] * 3000)),
    "ands": shell("&&".join(["curl http://localhost:8000/"] * 3000)),
    "pipes": shell("|".join(["curl http://localhost:8000/"] * 3000)),
    "semicolons": shell(";".join(["curl http://localhost:8000/"] * 3000)),
    "shell-nested": shell("sh -c '" * 3000 + "curl http://localhost:8000/"),
    "shell-parens": shell("(" * 5000 + "curl http://localhost:8000/" + ")" * 5000),
    "shell-subst": shell("$$(" * 5000 + "curl http://localhost:8000/" + ")" * 5000),
    "shell-backticks": shell("`" * 20000),
    "shell-quotes": shell("\"'" * 30000),
    "shell-backslashes": shell("\\" * 60000),
    "shell-wrappers": exec_(*["env"] * 3000, "curl", "http://localhost:8000/"),
    "shell-wrappers-2": shell("timeout 5 " * 3000 + "curl http://localhost:8000/"),
    "shell-nots": shell("! " * 5000 + "curl http://localhost:8000/"),
    "shell-sh-c": exec_(*["sh", "-c"] * 3000, "curl http://localhost:8000/"),
    "shell-braces": shell("{ " * 5000 + "curl http://localhost:8000/;" + "}" * 5000),
    "shell-ifs": shell("if true; then " * 2000 + "curl http://localhost:8000/;" + "fi;" * 2000),
    "shell-redirects": shell("curl http://localhost:8000/" + " >/dev/null" * 10000),
    "shell-heredoc": shell("cat <<A\n" * 10000),
    "shell-vars": shell("A=1 " * 20000 + "curl http://localhost:8000/"),
    "curl-options": exec_("curl", *["-f"] * 20000, "http://localhost:8000/"),
    "curl-bundle": exec_("curl", "-" + "s" * 60000, "http://localhost:8000/"),
    "curl-many-urls": exec_("curl", *["http://localhost:8000/"] * 5000),
    "js-deep": exec_("node", "-e", "(" * 20000 + "require('http').get('http://localhost:8000/')" + ")" * 20000),
    "js-arrows": exec_("node", "-e", "require('http').get('http://localhost:8000/'," + "r=>" * 5000 + "1)"),
    "js-many": exec_("node", "-e", "require('http').get('http://localhost:8000/');" * 2000),
    "js-fetch": exec_("node", "-e", "fetch('http://localhost:8000/')" + ".then(r=>r)" * 5000),
    "js-quotes": exec_("node", "-e", "'\\" * 30000),
    "js-template": exec_("node", "-e", "`${" * 20000 + "fetch('http://localhost:8000/')"),
    "js-regex": exec_("node", "-e", "fetch('http://localhost:8000/')" + "/[" * 20000),
    "js-comments": exec_("node", "-e", "fetch('http://localhost:8000/')" + "/*" * 30000),
    "js-hostname": exec_("node", "-e", "require('http').get({" + "host:'localhost'," * 5000 + "port:8000})"),
    "js-blanks": exec_("node", "-e", "require('http')" + " " * 60000 + ".get('http://localhost:8000/')"),
    "py-deep": exec_(
        "python",
        "-c",
        "import urllib.request; urllib.request.urlopen(" + "(" * 20000 + "'http://localhost:8000/'" + ")" * 20000 + ")",
    ),
    "py-deep-150": exec_(
        "python",
        "-c",
        "import urllib.request; urllib.request.urlopen(" + "(" * 150 + "'http://localhost:8000/'" + ")" * 150 + ")",
    ),
    "py-unary": exec_(
        "python",
        "-c",
        "import urllib.request; urllib.request.urlopen('http://localhost:8000/', timeout=" + "-" * 5000 + "1)",
    ),
    "py-attrs": exec_(
        "python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/')" + ".a" * 5000
    ),
    "py-plus": exec_(
        "python",
        "-c",
        "import urllib.request; urllib.request.urlopen(" + "+".join(["'http://localhost:8000/'"] * 3000) + ")",
    ),
    "py-nul": exec_("python", "-c", "import urllib.request\u0000; urllib.request.urlopen('http://localhost:8000/')"),
    "py-many": exec_(
        "python", "-c", "import urllib.request; " + "urllib.request.urlopen('http://localhost:8000/');" * 2000
    ),
    "py-fstring": exec_("python", "-c", "import urllib.request; urllib.request.urlopen(f'" + '{f"' * 500 + "')"),
    "py-surrogate": exec_(
        "python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/\\ud800')"
    ),
    "rb-deep": exec_(
        "ruby", "-e", "require 'net/http'; Net::HTTP.get(" + "(" * 20000 + "URI('http://localhost:8000/')"
    ),
    "rb-many": exec_("ruby", "-e", "require 'net/http'; " + "Net::HTTP.get(URI('http://localhost:8000/'));" * 2000),
    "rb-blanks": exec_("ruby", "-rnet/http", "-e", "Net::HTTP.get" + " " * 60000 + "(URI('http://localhost:8000/'))"),
    "php-many": exec_("php", "-r", "file_get_contents('http://localhost:8000/');" * 2000),
    "php-blanks": exec_("php", "-r", "file_get_contents(" + " " * 60000 + "'http://localhost:8000/'"),
    "php-deep": exec_("php", "-r", "exit(" * 20000 + "file_get_contents('http://localhost:8000/')"),
    "nginx-deep": source(
        "default.conf",
        "server { listen 80; " + "location / { " * 20000 + "}" * 20001,
        "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n",
    ),
    "nginx-many": source(
        "default.conf",
        "server { listen 80; location / { proxy_pass http://web:80; } }\n" * 3000,
        "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n",
    ),
    "nginx-upstreams": source(
        "default.conf",
        "upstream a { server web:80; }\n" * 3000 + "server { listen 80; location / { proxy_pass http://a; } }\n",
        "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n",
    ),
    "nginx-words": source(
        "default.conf", "a " * 100000, "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n"
    ),
    "nginx-quotes": source(
        "default.conf", "\"'\\" * 100000, "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n"
    ),
    "nginx-includes": source(
        "default.conf",
        "include /etc/nginx/conf.d/default.conf;\n" * 100,
        "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n",
    ),
    "nginx-listen": source(
        "default.conf",
        "server { listen " + "1" * 5000 + "; }\n",
        "FROM nginx\nCOPY default.conf /etc/nginx/conf.d/default.conf\n",
    ),
    "source-js-deep": source(
        "main.js", "const http = require('http');\nhttp.createServer(" + "(" * 50000 + ")" * 50000 + ").listen(8000)\n"
    ),
    "source-js-if": source(
        "main.js",
        "const http = require('http');\nconst s=http.createServer();s.listen(8000);\n"
        + "if (a) {} else " * 20000
        + ";\n",
    ),
    "source-js-plus": source(
        "main.js",
        "const http = require('http');\nconst s=http.createServer();s.listen(8000);\nx = "
        + "'http://web:80/'+" * 10000
        + "1;\n",
    ),
    "source-js-urls": source(
        "main.js",
        "const http = require('http');\nconst s=http.createServer();s.listen(8000);\n"
        + "fetch('http://web:80/');\n" * 5000,
    ),
    "source-js-chain": source(
        "main.js",
        "const http = require('http');\nconst s=http.createServer();s.listen(8000);\nfetch('http://web:80/')"
        + ".a()" * 20000
        + "\n",
    ),
    "source-js-calls": source(
        "main.js", "const express = require('express');\nconst app=express();\n" + "app.listen(8000);\n" * 5000
    ),
    "source-js-template": source(
        "main.js", "const http=require('http');http.createServer().listen(80);\n" + "`${" * 20000
    ),
    "source-js-int": source("main.js", "const http=require('http');http.createServer().listen(" + "1" * 5000 + ");\n"),
    "source-py-deep": source(
        "main.py", "import uvicorn\nuvicorn.run(" + "(" * 50000 + ")" * 50000 + ")\n", PYTHON["api/Dockerfile"]
    ),
    "source-py-indent": source(
        "main.py",
        "import uvicorn\n"
        + "".join(" " * i + "if a:\n" for i in range(1200))
        + " " * 1201
        + "uvicorn.run(a, port=8000)\n",
        PYTHON["api/Dockerfile"],
    ),
    "source-py-attr": source(
        "main.py",
        "import uvicorn, requests\nuvicorn.run(a, port=8000)\nrequests.get('http://web:80/')" + ".a()" * 20000 + "\n",
        PYTHON["api/Dockerfile"],
    ),
    "source-py-plus": source(
        "main.py",
        "import uvicorn, requests\nuvicorn.run(a, port=8000)\nx = " + "'http://web:80/' + " * 20000 + "'a'\n",
        PYTHON["api/Dockerfile"],
    ),
    "source-py-urls": source(
        "main.py",
        "import uvicorn, requests\nuvicorn.run(a, port=8000)\n" + "requests.get('http://web:80/')\n" * 5000,
        PYTHON["api/Dockerfile"],
    ),
    "source-py-int": source(
        "main.py", "import uvicorn\nuvicorn.run(a, port=" + "1" * 5000 + ")\n", PYTHON["api/Dockerfile"]
    ),
    "source-py-strings": source(
        "main.py", "import requests\nx = " + "'http://web:80/' " * 20000 + "\n", PYTHON["api/Dockerfile"]
    ),
    "source-go-deep": source(
        "main.go",
        'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(' + "(" * 50000 + ")" * 50000 + ") }\n",
        "FROM golang\nCOPY . .\n",
    )
    | {"api/go.mod": "module a\n"},
    "source-go-urls": source(
        "main.go",
        'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":80", nil)\n'
        + 'http.Get("http://web:80/")\n' * 5000
        + "}\n",
        "FROM golang\nCOPY . .\n",
    )
    | {"api/go.mod": "module a\n"},
    "source-go-plus": source(
        "main.go",
        'package main\nimport "net/http"\nvar x = '
        + '"http://web:80/" + ' * 20000
        + '""\nfunc main() { http.ListenAndServe(":80", nil)}\n',
        "FROM golang\nCOPY . .\n",
    )
    | {"api/go.mod": "module a\n"},
    "source-line": source("main.yaml", "http://web:80/ " * 60000),
    "source-text-urls": source("notes.txt", "http://web:80/\n" * 60000),
    "source-comments": source("main.conf", "#" * 500000 + "http://web:80"),
    "source-json-urls": source("config.json", "[" + ",".join(['"http://web:80/"'] * 20000) + "]"),
    "source-ini": source("config.ini", "a=" * 100000 + "http://web:80/\n"),
    "source-dirs": {**compose(API), "api/" + "d/" * 900 + "x.js": "http://web:80/\n"},
    "name-300": compose(
        "services:\n  "
        + NAMES
        + ":\n    build: .\n  web:\n    build: .\n    environment:\n      U: http://"
        + NAMES
        + ":80\n"
    ),
    "name-254": compose("services:\n  " + "n" * 254 + ":\n    build: .\n  web:\n    build: .\n"),
    "name-alias": compose(API + "    networks: {default: {aliases: [" + "n" * 300 + "]}}\n"),
    "name-container": compose(API + "    container_name: " + "n" * 5000 + "\n"),
    "name-nul": compose(API + '    container_name: "a\\0b"\n'),
    "name-slash": compose('services:\n  "../../x":\n    build: .\n  web:\n    build: .\n'),
    "name-empty": compose('services:\n  "":\n    build: .\n  web:\n    build: .\n'),
    "name-surrogate": compose('services:\n  "\\ud800":\n    build: .\n  web:\n    build: .\n'),
    "value-surrogate": with_value('"http://api:80/\\ud800"'),
    "value-nul": with_value('"http://api:80/\\0"'),
    "image-long": compose("services:\n  api: {image: " + "a/" * 50000 + "}\n  web: {build: .}\n"),
    "env-file-nul": compose(API.replace("    build: ./web\n", '    build: ./web\n    env_file: "a\\0b"\n')),
    "env-file-long": compose(API.replace("    build: ./web\n", "    build: ./web\n    env_file: " + "a" * 5000 + "\n")),
    "include-nul": compose('include: ["a\\0b"]\n' + API),
    "include-long": compose("include: [" + "a" * 5000 + "]\n" + API),
    "extends-nul": compose('services:\n  a: {extends: {file: "a\\0b", service: x}}\n'),
    "build-nul": compose('services:\n  a: {build: "a\\0b"}\n  web: {build: ., environment: {U: "http://a:80"}}\n'),
    "build-long": compose(
        "services:\n  a: {build: " + "a" * 5000 + "}\n  web: {build: ., environment: {U: http://a:80}}\n"
    ),
    "build-surrogate": compose(
        'services:\n  a: {build: "\\ud800"}\n  web: {build: ., environment: {U: "http://a:80"}}\n'
    ),
    "dockerfile-nul": compose(
        'services:\n  a: {build: {context: ., dockerfile: "a\\0b"}}\n  web: {build: ., environment: {U: "http://a:80"}}\n'
    ),
    "build-root": compose("services:\n  a: {build: /proc}\n  web: {build: ., environment: {U: http://a:80}}\n"),
    "env-file-proc": compose(API.replace("    build: ./web\n", "    build: ./web\n    env_file: /dev/zero\n")),
    "volume-nul": compose(API + '    volumes: ["a\\0b:/app/certs"]\n'),
    "volume-long": compose(API + '    volumes: ["' + "a:" * 30000 + '"]\n'),
    "settings-deep": compose("x-aicos-tls: " + "[" * 150 + "]" * 150 + "\n" + API),
    "settings-days": compose("x-aicos-tls: {days: " + "9" * 5000 + "}\n" + API),
    "settings-days-2": compose("x-aicos-tls: {days: 99999999}\n" + API),
    "certs-dir-long": compose("x-aicos-tls: {certs-dir: " + "a" * 5000 + "}\n" + API),
    "certs-dir-nul": compose('x-aicos-tls: {certs-dir: "a\\0b"}\n' + API),
    "labels-router": compose(
        API
        + "    labels:\n"
        + "".join(f"      - traefik.http.services.s{i}.loadbalancer.server.port=80\n" for i in range(5000))
    ),
    "configs": compose(API + "configs:\n  a:\n    content: |\n" + "      http://api:8000\n" * 20000),
    "big": compose(API + "# " + "x" * 5_000_000 + "\n"),
    "big-33": compose("# " + "x" * 34_000_000 + "\n" + API),
    "long-key": compose(API + "? " + "k" * 100000 + "\n: v\n"),
    "tags": compose(API + "x-t: " + "!t " * 1 + "v\n" + "x-u: !" + "t" * 50000 + " v\n"),
    "quoted-long": compose(API + 'x-q: "' + "\\x41" * 100000 + '"\n'),
    "folded": compose(API + "x-q: >\n" + "  a\n\n" * 50000),
    "reset": compose(API + "x-q: !reset\n" * 1),
    "duplicate-keys": compose(API + "".join("x-a: 1\n" for _ in range(20000))),
    "null-everything": compose(
        "services:\n  api:\n    build:\n    environment:\n    ports:\n    healthcheck:\n    networks:\n    volumes:\n    env_file:\n    labels:\n    command:\n    depends_on:\n"
    ),
    "lists-everywhere": compose(
        "services:\n  api:\n    build: []\n    environment: [[]]\n    ports: [[], {}]\n    healthcheck: []\n    networks: [[]]\n    volumes: [[], {}]\n    env_file: [[]]\n    labels: [[]]\n    command: [[]]\n    image: []\n    container_name: []\n    hostname: {}\n    deploy: []\n"
    ),
    "latin1": {"docker-compose.yml": API.encode() + b"# \xff\n"},
    "utf16": {"docker-compose.yml": API.encode("utf-16")},
    "bom-twice": {"docker-compose.yml": b"\xef\xbb\xbf\xef\xbb\xbf" + API.encode()},
    "nuls": {"docker-compose.yml": b"\0" * 10000},
    "ls-newlines": compose(API.replace("\n", "\u2028")),
    "cr-newlines": compose(API.replace("\n", "\r")),
    "nel": compose(API.replace("./web", '"./w\u0085eb"')),
}
