package nativeprotocol

import (
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// progressInterval is how often progress is sent while a query yields nothing.
// Some clients give up on a server that is silent for 3 s.
const progressInterval = time.Second

// progress tells a client how far its query is. Each packet holds the difference
// to the packet before.
type progress struct {
	conn  *connection
	start time.Time

	mu    sync.Mutex
	total proto.Progress // in all
	sent  proto.Progress
}

func newProgress(c *connection) *progress { return &progress{conn: c, start: time.Now()} }

// read sets what the query has read so far.
func (p *progress) setRead(rows, bytes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total.Rows, p.total.Bytes = rows, bytes
}

// setWritten sets how many rows the query has written so far.
func (p *progress) setWritten(rows uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total.WroteRows = rows
}

// send sends a packet and flushes it.
func (p *progress) send() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total.ElapsedNs = uint64(max(0, time.Since(p.start)))
	packet := proto.Progress{
		Rows:      p.total.Rows - p.sent.Rows,
		Bytes:     p.total.Bytes - p.sent.Bytes,
		WroteRows: p.total.WroteRows - p.sent.WroteRows,
		ElapsedNs: p.total.ElapsedNs - p.sent.ElapsedNs,
	}
	p.sent = p.total
	var b proto.Buffer
	proto.ServerCodeProgress.Encode(&b)
	packet.EncodeAware(&b, p.conn.revision)
	return p.conn.sendNow(b.Buf)
}

// sendRegularly sends progress every progressInterval until stop is called.
func (p *progress) sendRegularly() (stop func()) {
	over := make(chan struct{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				if p.send() != nil {
					return // sending the query's answer fails in the same way
				}
			}
		}
	}()
	return func() {
		close(over)
		<-gone
	}
}
