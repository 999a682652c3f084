package nativeprotocol

import (
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// beatEvery is how often a client hears of a query that yields nothing yet.
// Some give up on a silent server after 3 s.
const beatEvery = time.Second

// progress tells a client how far its query is: each packet what was added
// since the one before.
type progress struct {
	conn  *connection
	start time.Time

	mu   sync.Mutex
	now  proto.Progress // in all
	told proto.Progress
}

func newProgress(c *connection) *progress { return &progress{conn: c, start: time.Now()} }

// read sets what the query has read so far.
func (p *progress) read(rows, bytes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Rows, p.now.Bytes = rows, bytes
}

// wrote sets how many rows the query has written.
func (p *progress) wrote(rows uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.WroteRows = rows
}

// tell sends what is new, at once.
func (p *progress) tell() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.ElapsedNs = uint64(max(0, time.Since(p.start)))
	packet := proto.Progress{
		Rows:      p.now.Rows - p.told.Rows,
		Bytes:     p.now.Bytes - p.told.Bytes,
		WroteRows: p.now.WroteRows - p.told.WroteRows,
		ElapsedNs: p.now.ElapsedNs - p.told.ElapsedNs,
	}
	p.told = p.now
	var b proto.Buffer
	proto.ServerCodeProgress.Encode(&b)
	packet.EncodeAware(&b, p.conn.revision)
	return p.conn.sendNow(b.Buf)
}

// beat tells the progress every while until stop is called.
func (p *progress) beat() (stop func()) {
	over := make(chan struct{})
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				if p.tell() != nil {
					return // the query's own packets meet the same
				}
			}
		}
	}()
	return func() {
		close(over)
		<-gone
	}
}
