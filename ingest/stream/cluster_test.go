package stream_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/stream"
)

// traffic is several areas that publish to a cluster without pause, and a reader that
// acknowledges every message.
type traffic struct {
	c        *cluster
	log      *stream.Log
	consumer *stream.Consumer
	working  sync.WaitGroup
	stop     context.CancelFunc

	publishers sync.WaitGroup
	finish     chan struct{}

	mu       sync.Mutex
	receipts map[uint64]string
	seen     map[string]bool
}

// startTraffic opens streams of three replicas on the connection and begins.
func startTraffic(c *cluster, nc *nats.Conn) *traffic {
	t := c.t
	config := stream.DefaultConfig()
	config.Replicas = 3
	tr := &traffic{c: c, finish: make(chan struct{}), receipts: map[uint64]string{}, seen: map[string]bool{}}
	var err error
	c.js, err = jetstream.New(nc)
	check(t, err)
	c.until("the cluster makes streams", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		tr.log, err = stream.Open(ctx, nc, config, zerolog.Nop())
		return err == nil
	})
	working, stop := context.WithCancel(t.Context())
	tr.stop = stop
	grouped := stream.NewGroup(tr.log)
	tr.working.Go(func() { _ = grouped.Run(working) })
	tr.working.Go(func() { _ = tr.log.Watch(working) })
	for area := range 4 {
		tr.publishers.Go(func() { tr.publish(grouped, area) })
	}
	tr.consumer, err = tr.log.Consume(soonish(t), stream.ConsumerConfig{Stream: stream.Submissions, Name: "reader", AckWait: 2 * time.Second, MaxPending: 500})
	check(t, err)
	tr.working.Go(func() { tr.read(working) })
	return tr
}

// publish sends one message after the other, each until it has its receipt.
func (tr *traffic) publish(grouped *stream.Group, area int) {
	for n := 0; ; n++ {
		body := fmt.Sprintf("%d-%d", area, n)
		m := message(body)
		m.ID = body
		for sent := false; !sent; {
			select {
			case <-tr.finish:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(tr.c.t.Context(), 5*time.Second)
			published, err := grouped.Publish(ctx, m)
			cancel()
			if sent = err == nil; sent {
				tr.mu.Lock()
				tr.receipts[published.Sequence] = body
				tr.mu.Unlock()
			}
		}
	}
}

func (tr *traffic) read(ctx context.Context) {
	for {
		batch, err := tr.consumer.Batch(ctx, 100)
		if err != nil {
			return
		}
		tr.mu.Lock()
		for _, d := range batch {
			tr.seen[string(d.Body)] = true
		}
		tr.mu.Unlock()
		_ = stream.AckAll(batch)
	}
}

// more returns when every client has published further messages.
func (tr *traffic) more() {
	tr.c.t.Helper()
	count := func() int { tr.mu.Lock(); defer tr.mu.Unlock(); return len(tr.receipts) }
	before := count()
	tr.c.until("clients go on", func() bool { return count() > before+20 })
}

// end stops publishing and compares the log with the receipts.
func (tr *traffic) end() {
	t, c := tr.c.t, tr.c
	t.Helper()
	close(tr.finish)
	tr.publishers.Wait()
	found := map[string]uint64{}
	end := errors.New("end")
	last := uint64(0)
	c.until("the end of the stream is known", func() bool {
		var err error
		last, err = tr.log.LastSequence(t.Context(), stream.Submissions)
		return err == nil
	})
	err := tr.log.Follow(soonish(t), stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
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
	for sequence, body := range tr.receipts {
		if found[body] != sequence {
			t.Errorf("receipt %d for %s: the log has it at %d", sequence, body, found[body])
		}
	}
	c.until("the consumer has seen everything", func() bool {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return len(tr.seen) == len(found)
	})
	t.Logf("%d receipts, %d messages", len(tr.receipts), len(found))
	tr.stop()
	tr.working.Wait()
	tr.consumer.Stop()
}

// While areas publish, servers of the cluster, the stream's leader among them, are killed
// or frozen and come back. Every acknowledged message is in the stream, once and at its
// sequence, and the clients go on by themselves.
func TestClusterLosesNoReceipt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a cluster's servers away one after the other, and waits for elections")
	}
	t.Parallel() // most of it is waiting
	c := startCluster(t)
	tr := startTraffic(c, c.connect())
	tr.more()
	leader := c.leader()
	c.kill(leader)
	tr.more()
	c.start(leader)
	tr.more()
	leader = c.leader()
	c.signal(leader, syscall.SIGSTOP)
	tr.more()
	c.signal(leader, syscall.SIGCONT)
	tr.more()
	follower := (c.leader() + 1) % len(c.nodes)
	c.kill(follower)
	tr.more()
	c.start(follower)
	c.kill((follower + 1) % len(c.nodes)) // before the other has caught up
	c.start((follower + 1) % len(c.nodes))
	tr.more()
	tr.end()
}

// The leader is cut off from the other servers while clients still reach it. It can
// acknowledge nothing, so the clients connect to another server. When the network is
// whole again, no message is lost or stored twice.
func TestPartedClusterLosesNoReceipt(t *testing.T) {
	if testing.Short() {
		t.Skip("parts a cluster's servers, and waits for elections")
	}
	t.Parallel() // most of it is waiting
	c := startCluster(t)
	nc := c.connect()
	tr := startTraffic(c, nc)
	tr.more()
	leader := c.leader()
	c.until("the clients are with the leader", func() bool {
		if nc.ConnectedServerName() == c.nodes[leader].Name {
			return true
		}
		check(t, nc.ForceReconnect())
		c.until("the clients are connected", nc.IsConnected)
		return false
	})
	c.isolate(leader)
	began := time.Now()
	tr.more()
	t.Logf("clients went on after %s", time.Since(began).Round(time.Millisecond))
	c.rejoin(leader)
	tr.more()
	follower := (c.leader() + 1) % len(c.nodes)
	c.isolate(follower)
	tr.more()
	c.rejoin(follower)
	tr.more()
	tr.end()
}

// soonish is the context of calls that may have to wait for an election.
func soonish(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
