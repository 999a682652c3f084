package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

// roleNATS is a nats-server with a configuration file, read as nats-server itself does.
const roleNATS = "nats-server"

// hostNATS reads its configuration again at SIGHUP, and ends with ctx.
func hostNATS(ctx context.Context, args []string) int {
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	options, err := server.ProcessConfigFile(args[0])
	if err != nil {
		return roleEnded(err)
	}
	options.NoSigs = true
	s, err := server.NewServer(options)
	if err != nil {
		return roleEnded(err)
	}
	s.Start()
	for {
		select {
		case <-again:
			if err := s.Reload(); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		case <-ctx.Done():
			s.Shutdown()
			s.WaitForShutdown()
			return 0
		}
	}
}

// ownBroker is a nats-server with the accounts that setup prints, and the stages as its users.
type ownBroker struct {
	t       *testing.T
	dir     string // of the commands, which has the secrets
	file    string // the configuration
	text    string
	process *program
	secrets map[string]string
	common  []string // the settings of every process
}

func startOwnBroker(t *testing.T) *ownBroker {
	t.Helper()
	b := &ownBroker{t: t, dir: t.TempDir(), secrets: map[string]string{}}
	streams := t.TempDir()
	port := strconv.Itoa(freePort(t))
	b.text = fmt.Sprintf("listen: \"127.0.0.1:%s\"\njetstream { store_dir: %q }\nmax_payload: 8MB\n", port, streams) +
		must(t, "setup", "--print-broker-config", "--dir", b.dir)
	if err := json.Unmarshal([]byte(must(t, "status", "--secrets", "--dir", b.dir, "--format", "json")), &b.secrets); err != nil {
		t.Fatal(err)
	}
	b.file = filepath.Join(b.dir, "nats.conf")
	b.write(b.text)
	environment := []string{actAsProgram + "=" + roleNATS}
	for _, user := range access.Users() {
		environment = append(environment, "NATS_"+strings.ToUpper(user.Name)+"_PASSWORD="+b.secrets["nats-"+user.Name])
	}
	b.process = start(t, environment, b.file)
	b.common = []string{"CITYTALLY_NATS_URL=nats://127.0.0.1:" + port}
	return b
}

func (b *ownBroker) write(text string) {
	b.t.Helper()
	if err := os.WriteFile(b.file, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// without runs f while the configuration lacks the lines with a grant.
func (b *ownBroker) without(grant string, f func()) {
	b.t.Helper()
	line := fmt.Sprintf("              %q\n", grant)
	if !strings.Contains(b.text, line) {
		b.t.Fatalf("nobody has the grant %s", grant)
	}
	b.write(strings.ReplaceAll(b.text, line, ""))
	_ = b.process.cmd.Process.Signal(syscall.SIGHUP)
	f()
	b.write(b.text)
	_ = b.process.cmd.Process.Signal(syscall.SIGHUP)
}

// as are the settings of a process that is a user of the broker.
func (b *ownBroker) as(user string) []string {
	return append([]string{"CITYTALLY_NATS_USER=" + user, "CITYTALLY_NATS_PASSWORD=" + b.secrets["nats-"+user]}, b.common...)
}

// The printed accounts are all that the stages and the commands need on a nats-server of its own,
// and a grant that is missing is named at once: in the call, in /readyz of the stage that lacks it
// and by submit, which ends.
func TestStagesAreUsersOfTheirBroker(t *testing.T) {
	library, err := libchdb.Fetch(t.Context(), libchdb.Config{Progress: libchdb.PrintProgress(os.Stderr)})
	if err != nil {
		t.Fatal(err)
	}
	b := startOwnBroker(t)
	port := strconv.Itoa(freePort(t))
	newRole(t, t.TempDir(), "clickhouse", roleClickHouse, nil, t.TempDir(), port, library).want(true)
	b.common = append(b.common, "CITYTALLY_CLICKHOUSE_DSN=clickhouse://default@127.0.0.1:"+port+"/citytally")
	for _, variable := range b.common { // of the commands, which find the secrets by --dir
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	eventually(t, "setup creates streams and tables", func() bool {
		code, out, _ := citytally(t, "setup", "--apply", "--dir", b.dir)
		return code == 0 && strings.Contains(out, "the tables and views of ClickHouse")
	})
	dirs := map[string]string{}
	for stage, user := range map[string]string{app.StageIngest: access.Gateway, app.StageTransform: access.Transform, app.StageSink: access.Sink, app.StageSchedule: access.Schedule} {
		dirs[stage] = t.TempDir()
		start(t, b.as(user), append([]string{"run", "--only", stage}, anyPorts(dirs[stage])...)...)
	}
	isReady := func(stage string) (ready bool, why string) {
		if _, err := app.FindInstance(dirs[stage]); err != nil {
			return false, ""
		}
		ready, parts := readiness(t, dirs[stage])
		return ready, parts["broker"].Why
	}
	for stage := range dirs {
		eventually(t, stage+" is ready", func() bool { ready, _ := isReady(stage); return ready })
	}
	send := func(value int) (code int, stderr string) {
		code, _, stderr = citytally(t, "submit", "--dir", dirs[app.StageIngest], "--wait", "20s", "--area", "320812", "--dataset", "sti-annual",
			csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2021,%d\n", value)))
		return code, stderr
	}
	if code, stderr := send(100); code != 0 {
		t.Fatalf("submit: exit code %d, %s", code, stderr)
	}
	eventually(t, "the total is in ClickHouse", func() bool { return reported(t, b.dir, "2021")["gdp"].Value == "100" })
	must(t, "lock", "--dir", b.dir, "--period", "2020", "--reason", "published")
	must(t, "release", "create", "r1", "--force", "--absent", unreported(t, b.dir, "2021"), "--dir", b.dir, "--period", "2021")
	must(t, "recompute", "--dir", b.dir)
	must(t, "token", "create", "--dir", b.dir, "--area", "320812")
	must(t, "status", "--dir", b.dir)

	value := 100
	for _, denied := range []struct{ grant, stage string }{
		{"submissions.*.*", app.StageIngest}, {"verdicts.*.*", app.StageTransform}, {"$JS.ACK.ACCEPTED.sink-accepted.>", app.StageSink},
	} {
		subject, _, _ := strings.Cut(strings.TrimSuffix(denied.grant, ">"), "*")
		named := func() bool { _, why := isReady(denied.stage); return strings.Contains(why, `"`+subject) }
		b.without(denied.grant, func() {
			eventually(t, denied.stage+" names "+denied.grant, func() bool {
				value++
				if denied.stage == app.StageIngest {
					began := time.Now()
					if code, stderr := send(value); code != 0 {
						if !strings.Contains(stderr, `"`+subject) || time.Since(began) > 30*time.Second {
							t.Errorf("submit says after %s: %s", time.Since(began), stderr)
						}
						return named()
					}
					return false
				}
				code, _, _ := citytally(t, "submit", "--dir", dirs[app.StageIngest], "--wait", "0", "--area", "320812", "--dataset", "sti-annual",
					csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2021,%d\n", value)))
				return code == 0 && named()
			})
		})
		if denied.stage == app.StageIngest {
			eventually(t, "submit works again", func() bool { value++; code, _ := send(value); return code == 0 })
		}
	}
	for _, stage := range []string{app.StageIngest, app.StageTransform} { // what the sink is denied stands for a minute
		eventually(t, stage+" is ready again", func() bool { ready, _ := isReady(stage); return ready })
	}
	eventually(t, "a report is answered", func() bool { // a change of grants cuts connections off for a moment
		code, _, _ := citytally(t, "report", "--dir", b.dir, "--period", "2021", "--format", "json")
		return code == 0
	})
	eventually(t, "the last figure is in the total", func() bool {
		return reported(t, b.dir, "2021")["gdp"].Value == strconv.Itoa(value)
	})
	b.without("commands.*", func() {
		eventually(t, "recompute names its grant", func() bool {
			code, _, stderr := citytally(t, "recompute", "--dir", b.dir)
			return code != 0 && strings.Contains(stderr, `"commands.recompute"`)
		})
	})
	http.DefaultClient.CloseIdleConnections()
}
