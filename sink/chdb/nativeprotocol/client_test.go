package nativeprotocol

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// clickhouseClient runs ClickHouse's own client, of whatever version is
// installed: Debian's is 18.16, which speaks revision 54412 with binary settings.
func clickhouseClient(t *testing.T, address, stdin string, args ...string) (string, error) {
	t.Helper()
	binary, err := exec.LookPath("clickhouse-client")
	if err != nil {
		t.Skip("clickhouse-client is not installed")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, append([]string{"--host", host, "--port", port}, args...)...)
	command.Stdin = strings.NewReader(stdin)
	command.Env = append(command.Environ(), "HOME="+t.TempDir())
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestClickHouseClient(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for _, step := range []struct {
		name, stdin string
		args        []string
		want        string
		fails       bool
	}{
		{name: "select", args: []string{"--query", "SELECT 1, 'a', toDateTime('2021-12-31 23:59:58', 'Asia/Shanghai')"}, want: "1\ta\t2021-12-31 23:59:58\n"},
		{name: "create", args: []string{"--query", "CREATE TABLE cli (n UInt32, s LowCardinality(String), d UInt64 DEFAULT n * 2) ENGINE = MergeTree ORDER BY n"}},
		{name: "insert csv", stdin: "1,a,7\n2,b,8\n", args: []string{"--query", "INSERT INTO cli FORMAT CSV"}},
		{name: "insert values", args: []string{"--query", "INSERT INTO cli (n, s) VALUES (3, 'c'), (4, 'd')"}},
		{name: "insert json with defaults", stdin: `{"n":5,"s":"e"}`, args: []string{"--query", "INSERT INTO cli FORMAT JSONEachRow"}},
		{name: "read back", args: []string{"--query", "SELECT * FROM cli ORDER BY n FORMAT CSV"}, want: "1,\"a\",7\n2,\"b\",8\n3,\"c\",6\n4,\"d\",8\n5,\"e\",10\n"},
		{name: "settings", args: []string{"--max_block_size=1000", "--max_threads=1", "--readonly=2", "--query", "SELECT value FROM system.settings WHERE name IN ('max_block_size', 'max_threads') ORDER BY name"}, want: "1000\n1\n"},
		{name: "read-only", args: []string{"--readonly=2", "--query", "DROP TABLE cli"}, want: "Code: 164", fails: true},
		{name: "many rows", args: []string{"--query", "SELECT sum(number) FROM (SELECT number FROM numbers(3000000))"}, want: "4499998500000\n"},
		{name: "streamed rows", args: []string{"--query", "SELECT number FROM numbers(3) FORMAT JSONEachRow"}, want: "{\"number\":\"0\"}\n{\"number\":\"1\"}\n{\"number\":\"2\"}\n"},
		{name: "error", args: []string{"--query", "SELECT * FROM nowhere"}, want: "Code: 60", fails: true},
		{name: "uncompressed", args: []string{"--compression=0", "--query", "SELECT count() FROM cli"}, want: "5\n"},
		{name: "external table", stdin: "1\n2\n", args: []string{"--query", "SELECT sum(n) FROM ids", "--external", "--file=-", "--name=ids", "--structure=n UInt32"}, want: "3\n"},
		{name: "password", args: []string{"--user=writer", "--password=" + enginetest.WriterPassword, "--query", "SELECT 2"}, want: "2\n"},
		{name: "wrong password", args: []string{"--user=writer", "--password=no", "--query", "SELECT 2"}, want: "Code: 516", fails: true},
		{name: "show", args: []string{"--query", "SHOW TABLES LIKE 'cli'"}, want: "cli\n"},
		{name: "show nothing", args: []string{"--query", "SHOW TABLES LIKE 'nothing'"}},
		{name: "several", args: []string{"--multiquery", "--query", "DROP TABLE cli; SELECT 3"}, want: "3\n"},
	} {
		t.Run(step.name, func(t *testing.T) {
			got, err := clickhouseClient(t, address, step.stdin, step.args...)
			if (err != nil) != step.fails {
				t.Fatalf("%v: %s", err, got)
			}
			if step.fails && !strings.Contains(got, step.want) || !step.fails && got != step.want {
				t.Errorf("got %q, want %q", got, step.want)
			}
		})
	}
}
