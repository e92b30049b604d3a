"""What code asks, in each language, as people write it."""

# ruff: noqa: E501 - code as people write it, each in one line of a table
from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aicos_tls.connections.code.grammars import GRAMMARS
from aicos_tls.connections.evidence.code import READER
from aicos_tls.connections.model import Surroundings
from aicos_tls.errors import Where
from aicos_tls.files import TextFile

SERVICES = [
    "api",
    "cache",
    "db",
    "kafka",
    "mail",
    "memcached",
    "mongo",
    "mysql",
    "orders",
    "rabbit",
    "redis",
    "search",
    "users",
    "web",
    "worker",
]
HOSTS = {name: name for name in SERVICES}
Asked = tuple[str, int | None, str, bool, int]


def asked(name: str, text: str, environment: dict[str, str] | None = None) -> list[Asked]:
    path = PurePosixPath(name)
    files = {path: TextFile(Path("/project", name), text.encode())} if READER.concerns(path) else {}
    found = READER.destinations(files, Surroundings(HOSTS, environment or {}, "me"))
    return [(each.host, each.port, each.protocol.value, each.tls, line(each.evidence.where)) for each in found]


def line(where: object) -> int:
    assert isinstance(where, Where)
    return where.line


CODE: list[tuple[str, str, list[Asked]]] = [
    ("A.java", 'class A { String u = "http://api:8080/x"; // "http://web:1"\n}', [("api", 8080, "http", False, 1)]),
    ("A.java", '@Value("${api.url:http://api:8080}") private String u;', [("api", 8080, "http", False, 1)]),
    ("A.java", 'new InetSocketAddress("api", 8080);', [("api", 8080, "unknown", False, 1)]),
    ("A.java", 'Jedis j = new Jedis("redis", 6379);', [("redis", 6379, "redis", False, 1)]),
    (
        "A.java",
        'String u = System.getenv().getOrDefault("API_URL", "http://api:8080");',
        [("api", 8080, "http", False, 1)],
    ),
    (
        "A.java",
        '@Value("${api.host:api}") String host;\n String u() { return "http://" + host + ":" + 8080 + "/x"; }',
        [("api", 8080, "http", False, 1)],
    ),
    ("A.java", 'factory.setHost("rabbit");\nfactory.setPort(5672);', [("rabbit", 5672, "amqp", False, 1)]),
    ("A.java", 'String.format("http://%s:%d/x", "api", 8080)', [("api", 8080, "http", False, 1)]),
    (
        "A.java",
        'ManagedChannelBuilder.forAddress("users", 50051).usePlaintext().build();',
        [("users", 50051, "grpc", False, 1)],
    ),
    ("A.java", 'log.info("http://api:8080");', []),
    ("A.java", 'props.put("bootstrap.servers", "kafka:9092");', [("kafka", 9092, "kafka", False, 1)]),
    (
        "A.java",
        'DriverManager.getConnection("jdbc:postgresql://db:5432/shop?sslmode=require", "u", "p");',
        [("db", 5432, "postgres", True, 1)],
    ),
    ("A.kt", 'val url = System.getenv("API_URL") ?: "http://api:8080"', [("api", 8080, "http", False, 1)]),
    ("A.kt", '@Value("\\${api.url:http://api:8080}") lateinit var u: String', [("api", 8080, "http", False, 1)]),
    ("A.kt", 'val host = "api"\nval u = "http://$host:8080/x"', [("api", 8080, "http", False, 1)]),
    ("A.scala", 'val u = sys.env.getOrElse("API_URL", "http://api:8080")', [("api", 8080, "http", False, 1)]),
    (
        "A.cs",
        'var u = Environment.GetEnvironmentVariable("API_URL") ?? "http://api:8080";',
        [("api", 8080, "http", False, 1)],
    ),
    ("A.cs", 'var c = new SqlConnection("Server=db,1433;Database=x;Encrypt=true");', [("db", 1433, "mssql", True, 1)]),
    (
        "A.cs",
        'var f = new ConnectionFactory { HostName = "rabbit", Port = 5672 };',
        [("rabbit", 5672, "amqp", False, 1)],
    ),
    ("A.cs", 'ConnectionMultiplexer.Connect("cache:6379,ssl=True");', [("cache", 6379, "redis", True, 1)]),
    ("A.cs", 'var u = $"http://{"api"}:8080";', [("api", 8080, "http", False, 1)]),
    (
        "A.php",
        '<?php $r = new Redis(); $r->connect("cache", 6379); $p = new PDO("mysql:host=db;port=3306;dbname=x");',
        [("cache", 6379, "redis", False, 1), ("db", 3306, "mysql", False, 1)],
    ),
    ("A.php", '<?php $u = getenv("API_URL") ?: "http://api:8080"; ?>', [("api", 8080, "http", False, 1)]),
    (
        "database.php",
        "<?php return ['mysql' => ['driver' => 'mysql', 'host' => env('DB_HOST', 'db'), 'port' => env('DB_PORT', '3306')]];",
        [("db", 3306, "mysql", False, 1)],
    ),
    (
        "A.rb",
        'u = ENV.fetch("API_URL", "http://api:8080")\nv = ENV.fetch("X_URL") { "http://web:80" }\nRedis.new(host: "cache", port: 6379)',
        [("api", 8080, "http", False, 1), ("web", 80, "http", False, 2), ("cache", 6379, "redis", False, 3)],
    ),
    ("A.rb", 'u = "http://#{ENV["H"] || "api"}:3000"', [("api", 3000, "http", False, 1)]),
    (
        "m.rs",
        'let u = env::var("API_URL").unwrap_or_else(|_| "http://api:8080".to_string());\nlet v = format!("http://{}:{}/x", "web", 80);',
        [("api", 8080, "http", False, 1), ("web", 80, "http", False, 2)],
    ),
    (
        "m.rs",
        'let s = TcpStream::connect("cache:6379").await?; let t = TcpStream::connect(("api", 80));',
        [("cache", 6379, "redis", False, 1), ("api", 80, "unknown", False, 1)],
    ),
    (
        "c.exs",
        'config :a, A.Repo,\n  hostname: System.get_env("DB") || "db",\n  port: 5432\nconfig :x, url: "http://api:80"',
        [("db", 5432, "postgres", False, 2), ("api", 80, "http", False, 4)],
    ),
    (
        "a.py",
        'U = os.getenv("API_URL", "http://api:8080")\nH = os.getenv("API_HOST", "api")\nP = int(os.getenv("API_PORT", "8000"))\nrequests.get(f"http://{H}:{P}/x")',
        [("api", 8080, "http", False, 1), ("api", 8000, "http", False, 2)],
    ),
    (
        "a.py",
        'requests.get("http://%s:%d/x" % ("api", 80))\nrequests.get("http://{}:{h}".format("api", h=81))\nX = "http://" + HOST + ":" + str(82)\nHOST = "web"',
        [("api", 80, "http", False, 1), ("api", 81, "http", False, 2), ("web", 82, "http", False, 4)],
    ),
    (
        "a.py",
        'redis.Redis(host="cache", port=6379)\npsycopg2.connect(host="db")\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ.get("DB_HOST", "db"), "PORT": "5432"}}',
        [("cache", 6379, "redis", False, 1), ("db", 5432, "postgres", False, 2), ("db", 5432, "postgres", False, 3)],
    ),
    (
        "a.py",
        'class S(BaseSettings):\n    redis_host: str = "redis"\n    redis_port: int = 6379\n    api_url: str = "http://api:8000"\n',
        [("redis", 6379, "redis", False, 2), ("api", 8000, "http", False, 4)],
    ),
    (
        "a.py",
        'c = grpc.insecure_channel("users:50051")\nd = grpc.secure_channel("orders:50051", creds)',
        [("users", 50051, "grpc", False, 1), ("orders", 50051, "grpc", True, 2)],
    ),
    (
        "a.py",
        'u = tls.url("http://api:8000")\nv = "https://web" if TLS_ENABLED else "http://web"',
        [("api", 8000, "http", True, 1), ("web", 443, "http", True, 2)],
    ),
    (
        "a.go",
        'viper.SetDefault("api.host", "api")\nviper.SetDefault("api.port", 8080)\nu := fmt.Sprintf("http://%s:%d", viper.GetString("api.host"), viper.GetInt("api.port"))',
        [("api", 8080, "http", False, 1)],
    ),
    (
        "a.go",
        'a := net.JoinHostPort("api", "8080")\nu := url.URL{Scheme: "http", Host: a}\nconn, err := grpc.NewClient("users:50051", grpc.WithTransportCredentials(insecure.NewCredentials()))',
        [("api", 8080, "http", False, 1), ("users", 50051, "grpc", False, 3)],
    ),
    (
        "a.go",
        'type C struct {\n  Api string `envconfig:"API_URL" default:"http://api:8080"`\n}',
        [("api", 8080, "http", False, 2)],
    ),
    (
        "a.go",
        'dsn := fmt.Sprintf("%s:%s@tcp(%s:3306)/x", u, p, getEnv("DB_HOST", "db"))',
        [("db", 3306, "mysql", False, 1)],
    ),
    (
        "a.go",
        'host := os.Getenv("API_HOST")\nif host == "" {\n host = "api"\n}\nu := "http://" + host + ":8080"',
        [("api", 8080, "http", False, 3)],
    ),
    (
        "a.ts",
        "const c = axios.create({ baseURL: process.env.API_URL || 'http://api:3000' });",
        [("api", 3000, "http", False, 1)],
    ),
    (
        "a.ts",
        "const u = `http://${process.env.H ?? 'api'}:${process.env.P || 80}/x`; new Redis(6379, 'cache'); new Redis({host: 'cache'});",
        [("api", 80, "http", False, 1), ("cache", 6379, "redis", False, 1), ("cache", 6379, "redis", False, 1)],
    ),
    ("a.ts", "this.config.get<string>('API_URL', 'http://api:3000')", [("api", 3000, "http", False, 1)]),
    (
        "a.ts",
        "const env = cleanEnv(process.env, { API_URL: url({ default: 'http://api:3000' }) });",
        [("api", 3000, "http", False, 1)],
    ),
    (
        "a.ts",
        "const s = z.object({ API_URL: z.string().url().default('http://api:3000') });",
        [("api", 3000, "http", False, 1)],
    ),
    (
        "a.ts",
        "const c = convict({ api: { format: 'url', default: 'http://api:3000', env: 'API_URL' } });",
        [("api", 3000, "http", False, 1)],
    ),
    (
        "a.js",
        "const client = new hello.Greeter('users:50051', grpc.credentials.createInsecure());",
        [("users", 50051, "grpc", False, 1)],
    ),
    (
        "a.js",
        "const client = new hello.Greeter('users:50051', grpc.credentials.createSsl(ca));",
        [("users", 50051, "grpc", True, 1)],
    ),
    (
        "a.js",
        "http.request({ hostname: 'api', port: 8080, path: '/' });const { Pool } = require('pg');\nnew Pool({ host: 'db', ssl: { ca } })",
        [("api", 8080, "http", False, 1), ("db", 5432, "postgres", True, 2)],
    ),
    (
        "a.js",
        "const e = `http://web:3000`; app.use(cors({ origin: ['http://web:3000'] }));",
        [("web", 3000, "http", False, 1)],
    ),
    (
        "a.js",
        "new URL('/x', 'http://api:80'); mysql.createPool({ host: process.env.DB_HOST || 'db', user: 'x' });",
        [("api", 80, "http", False, 1), ("db", 3306, "mysql", False, 1)],
    ),
]


@pytest.mark.parametrize(("name", "text", "expected"), CODE)
def test_what_code_asks(name: str, text: str, expected: list[Asked]) -> None:
    assert asked(name, text) == expected


ENVIRONMENT = {"API_URL": "http://web:1", "API_HOST": "web", "REDIS_HOST": "cache", "APP_API_URL": "x"}

SET: list[tuple[str, str, list[tuple[str, int | None, int]]]] = [
    ("A.java", '@Value("${api.url:http://api:8080}") private String u;', []),
    ("A.java", 'String u = System.getenv().getOrDefault("API_URL", "http://api:8080");', []),
    ("A.kt", 'val url = System.getenv("API_URL") ?: "http://api:8080"', []),
    ("A.cs", 'var u = Environment.GetEnvironmentVariable("API_URL") ?? "http://api:8080";', []),
    ("A.cs", 'var u = builder.Configuration["Api:Url"] ?? "http://api:8080";', []),
    (
        "A.php",
        '<?php $u = getenv("API_URL") ?: "http://api:8080"; $v = $_ENV["API_URL"] ?? "http://api:8080"; $w = env("API_URL", "http://api:8080");',
        [],
    ),
    (
        "A.rb",
        'u = ENV.fetch("API_URL", "http://api:8080")\nv = ENV.fetch("API_URL") { "http://web:80" }\nw = ENV["API_URL"] || "http://api:80"',
        [],
    ),
    (
        "m.rs",
        'let u = env::var("API_URL").unwrap_or_else(|_| "http://api:8080".to_string());\nlet v = std::env::var("API_URL").unwrap_or("http://api:8080".into());',
        [],
    ),
    (
        "c.exs",
        'config :a, url: System.get_env("API_URL") || "http://api"\nconfig :b, url: System.get_env("API_URL", "http://api")',
        [],
    ),
    (
        "a.py",
        'U = os.getenv("API_URL", "http://api:8080")\nH = os.environ.get("API_HOST", "api")\nf"http://{H}:80"\nx = os.environ.get("API_URL") or "http://api"',
        [("web", 80, 2)],
    ),
    (
        "a.py",
        'class S(BaseSettings):\n    api_url: str = "http://api:8080"\n    redis_host: str = "redis"\n    redis_port: int = 6379\n',
        [("cache", 6379, 3)],
    ),
    (
        "a.py",
        'class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="APP_")\n    api_url: str = "http://api:8080"\n',
        [],
    ),
    (
        "a.py",
        'class S(BaseSettings):\n    url: str = Field("http://api:8080", env="API_URL")\n    u2: str = Field(default="http://api:8080", validation_alias="API_URL")\n    u3: str = Field("http://api:8080")',
        [("api", 8080, 4)],
    ),
    (
        "a.py",
        'u = config("API_URL", default="http://api:8080")\nv = env.str("API_URL", "http://api:8080")\nw=env("API_URL", default="http://api:8080")\nx = settings.get("api_url", "http://api:8080")',
        [],
    ),
    ("a.go", 'viper.SetDefault("api.url", "http://api:8080")\nu := viper.GetString("api.url")', []),
    ("a.go", 'viper.SetEnvPrefix("app")\nviper.SetDefault("api_url", "http://api:8080")', []),
    ("a.go", 'u := getEnv("API_URL", "http://api:8080")', []),
    (
        "a.go",
        'host := os.Getenv("API_HOST")\nif host == "" {\n host = "api"\n}\nu := "http://" + host + ":8080"',
        [("web", 8080, 1)],
    ),
    (
        "a.go",
        'type C struct {\n  A string `env:"API_URL" envDefault:"http://api:8080"`\n B string `env:"API_URL,required" env-default:"http://api:8080"`\n}',
        [],
    ),
    ("a.ts", "const c = axios.create({ baseURL: process.env.API_URL || 'http://api:3000' });", []),
    ("a.ts", "const { API_URL = 'http://api:3000' } = process.env;", []),
    (
        "a.ts",
        "this.config.get<string>('API_URL', 'http://api:3000'); this.config.get('API_URL') ?? 'http://api'; this.config.get('api.url', 'http://api')",
        [],
    ),
    ("a.ts", "const env = cleanEnv(process.env, { API_URL: url({ default: 'http://api:3000' }) });", []),
    ("a.ts", "const s = z.object({ API_URL: z.string().url().default('http://api:3000') });", []),
    ("a.ts", "const c = convict({ api: { format: 'url', default: 'http://api:3000', env: 'API_URL' } });", []),
    ("a.ts", "const u = process.env.API_URL ? process.env.API_URL : 'http://api:3000';", []),
    (
        "a.ts",
        "const u = process.env['API_URL'] || 'http://api:3000'; const v = Deno.env.get('API_URL') ?? 'http://api';",
        [],
    ),
    (
        "a.js",
        "new Redis({ host: process.env.REDIS_HOST || 'redis', port: process.env.REDIS_PORT || 6379 });",
        [("cache", 6379, 1)],
    ),
    ("a.py", 'if not url:\n    url = os.environ["API_URL"]\nprint(os.environ["API_URL"])', []),
    ("A.java", '// http://api:1\n/* "http://api:2" */ String x = "see http://api:8080/docs";', []),
    (
        "a.py",
        '"""Docs: http://api:80"""\n# "http://api:1"\nCORS_ORIGINS = ["http://web:3000"]\nALLOWED_HOSTS = ["web", "api"]\nfoo("api", 5)\nassertEqual("api", 80)\nlogger.info("http://api:80")',
        [],
    ),
]


@pytest.mark.parametrize(("name", "text", "expected"), SET)
def test_a_default_counts_only_where_the_environment_is_silent(
    name: str, text: str, expected: list[tuple[str, int | None, int]]
) -> None:
    assert [(host, port, line) for host, port, _, _, line in asked(name, text, ENVIRONMENT)] == expected


@pytest.mark.parametrize(
    "name", ["test_a.py", "src/test/java/A.java", "a_test.go", "a.spec.ts", "README.md", "node_modules/x/a.js"]
)
def test_what_is_no_code_of_the_service_is_not_read(name: str) -> None:
    assert not READER.concerns(PurePosixPath(name))


PIECES = [
    "'",
    '"',
    "`",
    "${",
    "#{",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<?php ",
    "?>",
    "%w[",
    "<<~A",
    "\n",
    "\\",
    "/",
    "//",
    "/*",
    "http://api:80",
    "api",
]
PIECES += ["host", "=", ":", ",", "+", "?", "||", 'r#"', '@"', 'f"', "$", "if", "else", "env('A')", "1", "\u00e9"]


@settings(max_examples=150)
@given(st.sampled_from(sorted(GRAMMARS)), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@example("php", "<?php <<<A")
def test_no_text_makes_it_fail(suffix: str, text: str) -> None:
    asked(f"a.{suffix}", f"'api' http://{text}")
    asked(f"a.{suffix}", f"<?php $x = 'api'; {text}")


@pytest.mark.parametrize("piece", ["(", "'\\", "%q(", "<<A ", "a + ", 'f"{', "x ? ", "`${", "[", 'r#"', "{"])
@pytest.mark.parametrize("suffix", ["py", "rb", "ts", "php", "cs", "rs"])
def test_what_is_open_ten_thousand_times_ends(suffix: str, piece: str) -> None:
    asked(f"a.{suffix}", "<?php x = 'api'\n" + piece * 10_000)
