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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/stream"
)

// nodeEnv makes the test binary one server of a cluster, to be killed or frozen.
const nodeEnv = "STREAM_TEST_NODE"

// node is what a server of the cluster has to know.
type node struct {
	Name, Dir         string
	Port, ClusterPort int
	Routes            []string
}

// serveNode is a server until it is killed. It returns only on an error.
func serveNode(spec string) error {
	var n node
	if err := json.Unmarshal([]byte(spec), &n); err != nil {
		return err
	}
	o := &server.Options{
		ServerName: n.Name, Host: "127.0.0.1", Port: n.Port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: n.Dir, SyncAlways: true,
		Cluster: server.ClusterOpts{Name: "city", Host: "127.0.0.1", Port: n.ClusterPort},
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
	js        jetstream.JetStream
}

func startCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{t: t, nodes: make([]node, 3), processes: make([]*exec.Cmd, 3)}
	dir := t.TempDir()
	var routes []string
	for i := range c.nodes {
		name := fmt.Sprintf("n%d", i+1)
		c.nodes[i] = node{Name: name, Dir: filepath.Join(dir, name), Port: freePort(t), ClusterPort: freePort(t)}
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", c.nodes[i].ClusterPort))
	}
	for i := range c.nodes {
		c.nodes[i].Routes = routes
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range c.processes {
			c.kill(i)
		}
	})
	return c
}

// freePort returns a port below those that the system gives to outgoing
// connections, which could take that of a server that is away.
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
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			c.t.Fatalf("not after 30s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
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

// While areas publish, servers are killed or cut off, and come back: the stream's
// leader and others. Everything that was acknowledged is there, once and in
// its place, and the clients need no help.
func TestClusterLosesNoReceipt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a cluster's servers away one after the other, and waits for elections")
	}
	c := startCluster(t)
	config := stream.DefaultConfig()
	config.Replicas = 3
	nc := c.connect()
	var err error
	c.js, err = jetstream.New(nc)
	check(t, err)
	var log *stream.Log
	c.until("the cluster makes streams", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		log, err = stream.Open(ctx, nc, config, zerolog.Nop())
		return err == nil
	})

	publishing, stop := context.WithCancel(t.Context())
	grouped := stream.NewGroup(log)
	var working, publishers sync.WaitGroup
	working.Go(func() { _ = grouped.Run(publishing) })
	var mu sync.Mutex
	receipts := map[uint64]string{}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(receipts) }
	finish := make(chan struct{})
	for area := range 4 {
		publishers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-finish:
					return
				default:
				}
				body := fmt.Sprintf("%d-%d", area, n)
				m := message(body)
				m.ID = body
				for {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					published, err := grouped.Publish(ctx, m)
					cancel()
					if err == nil {
						mu.Lock()
						receipts[published.Sequence] = body
						mu.Unlock()
						break
					}
				}
			}
		})
	}
	// A consumer that goes on through it all, acknowledging what it sees.
	consumer, err := log.Consume(soonish(t), stream.ConsumerConfig{Stream: stream.Submissions, Name: "reader", AckWait: 2 * time.Second, MaxPending: 500})
	check(t, err)
	seen := map[string]bool{}
	var seenMu sync.Mutex
	working.Go(func() {
		for {
			batch, err := consumer.Batch(publishing, 100)
			if err != nil {
				return
			}
			seenMu.Lock()
			for _, d := range batch {
				seen[string(d.Body)] = true
			}
			seenMu.Unlock()
			_ = stream.AckAll(batch)
		}
	})

	more := func() {
		t.Helper()
		before := count()
		c.until("clients go on", func() bool { return count() > before+20 })
	}
	more()
	leader := c.leader()
	c.kill(leader)
	more()
	c.start(leader)
	more()
	leader = c.leader()
	c.signal(leader, syscall.SIGSTOP) // to the others the same as cut off
	more()
	c.signal(leader, syscall.SIGCONT)
	more()
	follower := (c.leader() + 1) % len(c.nodes)
	c.kill(follower)
	more()
	c.start(follower)
	c.kill((follower + 1) % len(c.nodes)) // before the other has caught up
	c.start((follower + 1) % len(c.nodes))
	more()
	close(finish)
	publishers.Wait()

	found := map[string]uint64{}
	end := errors.New("end")
	last := uint64(0)
	c.until("the end of the stream is known", func() bool { last, err = log.LastSequence(t.Context(), stream.Submissions); return err == nil })
	err = log.Follow(soonish(t), stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
		if at, twice := found[string(d.Body)]; twice {
			t.Errorf("%s is stored at %d and at %d", d.Body, at, d.Sequence)
		}
		found[string(d.Body)] = d.Sequence
		if d.Sequence == last {
			return end
		}
		return nil
	}, func() {})
	if !errors.Is(err, end) {
		t.Fatalf("follow: %v", err)
	}
	for sequence, body := range receipts {
		if found[body] != sequence {
			t.Errorf("receipt %d for %s: the log has it at %d", sequence, body, found[body])
		}
	}
	c.until("the consumer has seen everything", func() bool {
		seenMu.Lock()
		defer seenMu.Unlock()
		return len(seen) == len(found)
	})
	t.Logf("%d receipts, %d messages", len(receipts), len(found))
	stop()
	working.Wait()
	consumer.Stop()
}

// soonish bounds what waits for elections.
func soonish(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
