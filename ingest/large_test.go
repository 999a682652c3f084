package ingest_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/procfs"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// month is the nth month from January 1949 on.
func month(n int) string { return fmt.Sprintf("%d-%02d", 1949+n/12, 1+n%12) }

// table is a CSV with a figure for each of so many months from January 1949 on, the last one first.
func table(rows int, value string) string {
	var b strings.Builder
	b.WriteString("indicator,period,value\n")
	for n := range rows {
		fmt.Fprintf(&b, "hnte_valid,%s,%s\n", month(rows-1-n), value)
	}
	return b.String()
}

// A submission that is larger than a message of the broker is stored in parts, all or none: year
// by year, with the numbers of its rows, and once for the same key or while it is in force.
func TestSubmissionLargerThanAMessage(t *testing.T) {
	broker := natsdtest.Start(t, func(c *natsd.Config) { c.MaxPayload = 64 << 10 })
	h := enter(t, broker, filepath.Join(t.TempDir(), "tokens.yaml"))
	send := func(key, text string) answer {
		header := map[string]string{"Content-Type": "text/csv"}
		if key != "" {
			header["Idempotency-Key"] = key
		}
		return h.do("POST", "/v1/submissions?dataset=sti-annual", "320812", header, text)
	}
	if a := send("", table(2000, "1")+"hnte_valid,"+month(499)+",2\n"); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), "FIGURE_REPEATED") || !strings.Contains(string(a.body), "rows 1502 and 2002") {
		t.Errorf("want a figure that is there twice refused, with both rows, got %d %s", a.status, a.body)
	}
	if n := h.stored(stream.Submissions); n != 0 {
		t.Fatalf("want nothing stored, got %d messages", n)
	}
	for n, key := range []string{"", "k"} {
		first := send(key, table(2000, "1"))
		var receipts ingest.Receipts
		first.decode(t, &receipts)
		parts := len(receipts.Submissions)
		if first.status != http.StatusAccepted || parts < 3 || h.stored(stream.Submissions) != uint64((n+1)*parts) {
			t.Fatalf("want parts, each a message, got %d %s and %d messages", first.status, first.body, h.stored(stream.Submissions))
		}
		rows, year := 0, ""
		for i, r := range receipts.Submissions {
			rows += r.Rows
			if r.Part.Number != i+1 || r.Part.Of != parts || !event.SameWhole(r.ID, receipts.Submissions[0].ID) || r.Sequence != receipts.Submissions[0].Sequence+uint64(i) {
				t.Errorf("want part %d of %d, got %+v", i+1, parts, r)
			}
			m, err := h.log.Get(t.Context(), stream.Submissions, r.Sequence)
			check(t, err)
			s, err := event.DecodeSubmission(m.Data)
			check(t, err)
			for _, o := range s.Observations {
				if o.Period != month(2001-o.Row) || o.Period[:4] < year {
					t.Fatalf("want years in order and the figure of %s from row %d, got %+v after %s", month(2001-o.Row), o.Row, o, year)
				}
				year = o.Period[:4]
			}
			if s.ID() != r.ID || s.Key != key {
				t.Errorf("want the id of the content, got %s for %s", r.ID, s.ID())
			}
		}
		again := send(key, table(2000, "1"))
		var repeated ingest.Receipts
		again.decode(t, &repeated)
		if rows != 2000 || h.stored(stream.Submissions) != uint64((n+1)*parts) || !repeated.Submissions[parts-1].Repeated || repeated.Submissions[0].Sequence != receipts.Submissions[0].Sequence {
			t.Errorf("want 2000 rows and nothing stored again, got %d and %d messages: %s", rows, h.stored(stream.Submissions), again.body)
		}
	}
}

// budget is a connection that ends after so many bytes, as that of a process that is killed.
type budget struct {
	net.Conn
	left *atomic.Int64
}

// Write writes, or ends the connection where the budget does not reach.
func (b budget) Write(data []byte) (int, error) {
	if b.left.Add(-int64(len(data))) < 0 {
		return 0, errors.Join(net.ErrClosed, b.Close())
	}
	return b.Conn.Write(data)
}

// dialer dials connections with a budget.
type dialer struct{ left *atomic.Int64 }

// Dial connects.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	return budget{conn, d.left}, err
}

// A gateway that is killed anywhere while it stores the parts of a large file has stored all of
// them or none, and the file sent again is there once.
func TestKilledAmongTheParts(t *testing.T) {
	broker := natsdtest.Start(t, func(c *natsd.Config) { c.MaxPayload = 64 << 10 })
	tokens := filepath.Join(t.TempDir(), "tokens.yaml")
	header := map[string]string{"Content-Type": "text/csv"}
	after := enter(t, broker, tokens)
	var left atomic.Int64
	left.Store(1 << 40)
	send := func(h *house, value int) answer {
		return h.do("POST", "/v1/submissions?dataset=sti-annual", "320812", header, table(2000, strconv.Itoa(value)))
	}
	begin := func() (*house, *nats.Conn) {
		nc, err := nats.Connect(broker.ClientURL(), nats.SetCustomDialer(dialer{&left}), nats.NoReconnect())
		check(t, err)
		t.Cleanup(nc.Close)
		return serve(t, broker, nc, tokens), nc
	}
	whole, _ := begin()
	before := left.Load()
	if a := send(whole, 1); a.status != http.StatusAccepted {
		t.Fatalf("%d %s", a.status, a.body)
	}
	bytes, parts := before-left.Load(), after.stored(stream.Submissions)
	check(t, whole.stop())
	none, all := 0, 0
	for n := range 6 {
		left.Store(1 << 40)
		h, nc := begin()
		stored := after.stored(stream.Submissions)
		left.Store(bytes * int64(2*n+1) / 11)
		send(h, n+2)
		nc.Close()
		_ = h.stop() // it has lost the broker
		switch got := after.stored(stream.Submissions) - stored; got {
		case 0:
			none++
		case parts:
			all++
		default:
			t.Errorf("cut after %d of %d bytes: %d of %d parts are stored", bytes*int64(2*n+1)/11, bytes, got, parts)
		}
		if a := send(after, n+2); a.status != http.StatusAccepted && a.status != http.StatusOK {
			t.Fatalf("sent again: %d %s", a.status, a.body)
		}
		if got := after.stored(stream.Submissions) - stored; got != parts {
			t.Errorf("sent again, %d messages are stored, want %d", got, parts)
		}
	}
	if none == 0 {
		t.Errorf("no cut was among the parts: %d none, %d all", none, all)
	}
}

// BenchmarkMillionRows uploads a file of a million rows. It reports the most memory that the
// process had, with the broker in it.
func BenchmarkMillionRows(b *testing.B) {
	var cat, text strings.Builder
	cat.WriteString(catalogueText)
	text.WriteString("indicator,period,value\n")
	for n := range 166 { // of 251 years with 24 figures: 999,984 rows
		fmt.Fprintf(&cat, "  - {id: count_%d, name_zh: 指标%d, name_en: Count %d, programme: sti, unit: 家, kind: stock, datasets: [sti-annual]}\n", n, n, n)
		for year := 1949; year <= 2199; year++ {
			for m := range 12 {
				for _, code := range []string{"%d-%02d", "%d-YTD%02d"} {
					fmt.Fprintf(&text, "count_%d,"+code+",1\n", n, year, m+1)
				}
			}
		}
	}
	broker := natsdtest.Start(b)
	nc, err := nats.Connect("", broker.InProcess())
	check(b, err)
	b.Cleanup(nc.Close)
	h := serveCity(b, broker, nc, filepath.Join(b.TempDir(), "tokens.yaml"), cat.String())
	for b.Loop() {
		if a := h.do("POST", "/v1/submissions?dataset=sti-annual", "320812", map[string]string{"Content-Type": "text/csv"}, text.String()); a.status != http.StatusAccepted {
			b.Fatalf("%d %.500s", a.status, a.body)
		}
	}
	if p, err := procfs.Self(); err == nil {
		if status, err := p.NewStatus(); err == nil {
			b.ReportMetric(float64(status.VmHWM)/(1<<20), "peak-MiB")
		}
	}
}
