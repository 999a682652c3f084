package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/stream/linktest"
)

// nodeEnv makes the test binary one server of a cluster, to be killed or frozen.
const nodeEnv = "STREAM_TEST_NODE"

// node is the configuration of one server of the cluster.
type node struct {
	Name, Dir         string
	Port, ClusterPort int
	Routes            []string // addresses of the links to the other servers
}

// serveNode runs a server until the process is killed. It returns only an error.
func serveNode(spec string) error {
	var n node
	if err := json.Unmarshal([]byte(spec), &n); err != nil {
		return err
	}
	o := &server.Options{
		ServerName: n.Name, Host: "127.0.0.1", Port: n.Port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: n.Dir, SyncAlways: true,
		// The advertised address has no listener, so that the other servers connect
		// through their links only.
		Cluster: server.ClusterOpts{Name: "city", Host: "127.0.0.1", Port: n.ClusterPort, Advertise: "127.0.0.1:1"},
	}
	for _, route := range n.Routes {
		u, err := url.Parse(route)
		if err != nil {
			return err
		}
		o.Routes = append(o.Routes, u)
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	s.WaitForShutdown()
	return errors.New("the server stopped")
}

// cluster is three servers on loopback, each a process of its own.
type cluster struct {
	t         testing.TB
	nodes     []node
	processes []*exec.Cmd
	links     [3][3]*linktest.Link // from, to
	js        jetstream.JetStream
}

func startCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{t: t, nodes: make([]node, 3), processes: make([]*exec.Cmd, 3)}
	dir := t.TempDir()
	for i := range c.nodes {
		name := fmt.Sprintf("n%d", i+1)
		c.nodes[i] = node{Name: name, Dir: filepath.Join(dir, name), Port: freePort(t), ClusterPort: freePort(t)}
	}
	for from := range c.nodes {
		for to := range c.nodes {
			if from != to {
				c.links[from][to] = linktest.Start(t, fmt.Sprintf("127.0.0.1:%d", c.nodes[to].ClusterPort))
				c.nodes[from].Routes = append(c.nodes[from].Routes, "nats://"+c.links[from][to].Addr())
			}
		}
		c.start(from)
	}
	t.Cleanup(func() {
		for i := range c.processes {
			c.kill(i)
		}
	})
	return c
}

// freePort returns a port below the range of outgoing connections, one of which could
// otherwise take the port of a server that is down.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := 20_000 + rand.IntN(10_000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			check(t, l.Close())
			return port
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return 0
}

func (c *cluster) start(i int) {
	c.t.Helper()
	spec, err := json.Marshal(c.nodes[i])
	check(c.t, err)
	p := exec.Command(os.Args[0])
	p.Env = append(os.Environ(), nodeEnv+"="+string(spec))
	p.Stderr = os.Stderr
	check(c.t, p.Start())
	c.processes[i] = p
}

func (c *cluster) kill(i int) {
	if p := c.processes[i]; p != nil {
		_ = p.Process.Kill()
		_ = p.Wait()
		c.processes[i] = nil
	}
}

func (c *cluster) signal(i int, s syscall.Signal) {
	c.t.Helper()
	check(c.t, c.processes[i].Process.Signal(s))
}

// isolate cuts a server off from the other servers, but not from its clients.
func (c *cluster) isolate(i int) {
	for j := range c.nodes {
		if i != j {
			c.links[i][j].Pause()
			c.links[j][i].Pause()
		}
	}
}

func (c *cluster) rejoin(i int) {
	for j := range c.nodes {
		if i != j {
			c.links[i][j].Resume()
			c.links[j][i].Resume()
		}
	}
}

// leader is the server that leads SUBMISSIONS.
func (c *cluster) leader() int {
	c.t.Helper()
	at := -1
	c.until("the stream has a leader", func() bool {
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
		defer cancel()
		s, err := c.js.Stream(ctx, stream.Submissions)
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		at = slices.IndexFunc(c.nodes, func(n node) bool { return n.Name == s.CachedInfo().Cluster.Leader })
		return at >= 0
	})
	return at
}

func (c *cluster) until(what string, ok func() bool) {
	c.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for timeout := time.After(30 * time.Second); !ok(); {
		select {
		case <-timeout:
			c.t.Fatalf("not after 30s: %s", what)
		case <-tick.C:
		}
	}
}

func (c *cluster) connect() *nats.Conn {
	c.t.Helper()
	var urls []string
	for _, n := range c.nodes {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", n.Port))
	}
	nc, err := nats.Connect(strings.Join(urls, ","), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond),
		nats.RetryOnFailedConnect(true), nats.PingInterval(500*time.Millisecond), nats.MaxPingsOutstanding(2))
	check(c.t, err)
	c.t.Cleanup(nc.Close)
	return nc
}
