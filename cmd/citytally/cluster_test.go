package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/tlsfiles/tlsfilestest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

// ownCluster is three nats-servers with TLS and the accounts that setup prints.
type ownCluster struct {
	t           *testing.T
	dir         string // of the commands, which has the secrets
	secrets     map[string]string
	environment []string // of the servers
	files       [3]string
	servers     [3]*program
	settings    []string // of every stage
	url         string
	secure      *tls.Config
}

func newOwnCluster(t *testing.T) *ownCluster {
	t.Helper()
	c := &ownCluster{t: t, dir: t.TempDir(), secrets: map[string]string{}, environment: []string{actAsProgram + "=" + roleNATS}}
	accounts := must(t, "setup", "--print-broker-config", "--dir", c.dir)
	if err := json.Unmarshal([]byte(must(t, "status", "--secrets", "--dir", c.dir, "--format", "json")), &c.secrets); err != nil {
		t.Fatal(err)
	}
	for _, user := range access.Users() {
		c.environment = append(c.environment, "NATS_"+strings.ToUpper(user.Name)+"_PASSWORD="+c.secrets["nats-"+user.Name])
	}
	authority := tlsfilestest.New(t)
	var urls, routes []string
	var ports, clusterPorts [3]int
	for i := range ports {
		ports[i], clusterPorts[i] = freePort(t), freePort(t)
		urls = append(urls, fmt.Sprintf("tls://127.0.0.1:%d", ports[i]))
		routes = append(routes, fmt.Sprintf("%q", fmt.Sprintf("nats://127.0.0.1:%d", clusterPorts[i])))
	}
	for i := range c.files {
		own := authority.Server(t, fmt.Sprintf("n%d", i+1))
		secure := fmt.Sprintf("tls { cert_file: %q, key_file: %q, ca_file: %q }", own.CertFile, own.KeyFile, authority.File)
		c.files[i] = filepath.Join(c.dir, fmt.Sprintf("n%d.conf", i+1))
		text := fmt.Sprintf("server_name: n%d\nlisten: \"127.0.0.1:%d\"\njetstream { store_dir: %q }\nmax_payload: 8MB\n%s\n"+
			"cluster { name: city, listen: \"127.0.0.1:%d\", routes: [%s], %s }\n", i+1, ports[i], t.TempDir(), secure, clusterPorts[i], strings.Join(routes, ", "), secure)
		if err := os.WriteFile(c.files[i], []byte(text+accounts), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := authority.Client(t, "stages")
	var err error
	if c.secure, err = client.Config(); err != nil {
		t.Fatal(err)
	}
	c.url = strings.Join(urls, ",")
	c.settings = []string{"CITYTALLY_NATS_URL=" + c.url, "CITYTALLY_NATS_TLS_CA_FILE=" + client.CAFile, "CITYTALLY_STREAMS_REPLICAS=3"}
	return c
}

func (c *ownCluster) start(i int) { c.servers[i] = start(c.t, c.environment, c.files[i]) }

// leader returns which server leads a stream.
func (c *ownCluster) leader(name string) int {
	c.t.Helper()
	nc, err := nats.Connect(c.url, nats.UserInfo("admin", c.secrets["nats-admin"]), access.Inbox("admin"), nats.Secure(c.secure))
	if err != nil {
		c.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := js.Stream(c.t.Context(), name)
	if err != nil {
		c.t.Fatal(err)
	}
	return slices.Index([]string{"n1", "n2", "n3"}, s.CachedInfo().Cluster.Leader)
}

// Seven stages that are started at once, before the three servers of an empty cluster and before anybody
// has created a stream, wait and become ready. The server that leads SUBMISSIONS is killed while figures
// come: nobody ends, and nothing with a receipt is lost.
func TestSevenStagesOnAnEmptyCluster(t *testing.T) {
	library, err := libchdb.Fetch(t.Context(), libchdb.Config{Progress: libchdb.PrintProgress(os.Stderr)})
	if err != nil {
		t.Fatal(err)
	}
	c := newOwnCluster(t)
	port := strconv.Itoa(freePort(t))
	newRole(t, t.TempDir(), "clickhouse", roleClickHouse, nil, t.TempDir(), port, library).want(true)
	c.settings = append(c.settings, "CITYTALLY_CLICKHOUSE_DSN=clickhouse://default@127.0.0.1:"+port+"/citytally", "CITYTALLY_DROP_DIR="+t.TempDir())
	for _, variable := range c.settings { // of the commands, which find the secrets by --dir
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	type stage struct {
		name, dir string
		process   *program
	}
	var stages []*stage
	for _, name := range []string{app.StageIngest, app.StageCollect, app.StageTransform, app.StageTransform, app.StageSink, app.StageSink, app.StageSchedule} {
		user := map[string]string{app.StageIngest: access.Gateway, app.StageCollect: access.Gateway, app.StageTransform: access.Transform, app.StageSink: access.Sink, app.StageSchedule: access.Schedule}[name]
		s := &stage{name: name, dir: t.TempDir()}
		environment := append([]string{"CITYTALLY_NATS_USER=" + user, "CITYTALLY_NATS_PASSWORD=" + c.secrets["nats-"+user]}, c.settings...)
		s.process = start(t, environment, append([]string{"run", "--only", name}, anyPorts(s.dir)...)...)
		stages = append(stages, s)
	}
	for i := range c.servers {
		c.start(i)
	}
	eventually(t, "setup creates streams and tables", func() bool {
		code, out, _ := citytally(t, "setup", "--apply", "--dir", c.dir)
		return code == 0 && strings.Contains(out, "the tables and views of ClickHouse")
	})
	allReady := func(when string) {
		t.Helper()
		for _, s := range stages {
			eventually(t, s.name+" is ready "+when, func() bool {
				select {
				case err := <-s.process.ended:
					t.Fatalf("%s ended %s: %v\n%s", s.name, when, err, s.process.output)
				default:
				}
				if _, err := app.FindInstance(s.dir); err != nil {
					return false
				}
				ready, _ := readiness(t, s.dir)
				return ready
			})
		}
	}
	allReady("at the start")
	send := func(area string, value int) {
		t.Helper()
		eventually(t, "a figure of "+area+" has its receipt", func() bool {
			code, _, _ := citytally(t, "submit", "--dir", stages[0].dir, "--wait", "0", "--area", area, "--dataset", "sti-annual",
				csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2021,%d\n", value)))
			return code == 0
		})
	}
	send("320812", 100)
	killed := c.leader(stream.Submissions)
	c.servers[killed].stop(t, syscall.SIGKILL)
	send("320804", 11)
	allReady("without the server that was killed")
	c.start(killed)
	send("320813", 5)
	allReady("with it")
	eventually(t, "the total is in ClickHouse", func() bool { return reported(t, c.dir, "2021")["gdp"].Value == "116" })
	for _, s := range stages {
		s.process.stop(t, syscall.SIGTERM)
	}
}
