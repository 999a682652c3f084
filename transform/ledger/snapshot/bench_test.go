package snapshot

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// benchFigures are in the log of the benchmark, the last hundredth of them behind the snapshot.
const benchFigures = 300_000

// BenchmarkHistory measures what is known now, as a report, an explanation and the difference of a release
// need it: read from the log as a whole, and from the newest snapshot on.
func BenchmarkHistory(b *testing.B) {
	c, log := fixture.LargeCatalogue(b), fixture.Log(b)
	l, dir := ledger.New(c), b.TempDir()
	store, err := Open(dir, []byte("secret"))
	if err != nil {
		b.Fatal(err)
	}
	figures, written := 0, false
	var then ledger.Moment
	var batch event.AcceptedBatch
	for _, one := range fixture.LargeHistory {
		batch.Submissions = append(batch.Submissions, one.Submissions...)
		figures += one.Submissions[0].Len()
		if len(batch.Submissions) < 64 && figures < benchFigures {
			continue
		}
		body, err := event.EncodeAccepted(&batch)
		if err != nil {
			b.Fatal(err)
		}
		published, err := log.Publish(b.Context(), stream.Message{Subject: "accepted.a00.d", Body: body})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Apply(published[0].Sequence, "accepted.a00.d", &batch); err != nil {
			b.Fatal(err)
		}
		batch.Submissions = nil
		if !written && figures > benchFigures/100*99 {
			extent, err := store.Write(b.Context(), log, l)
			if err != nil || extent.Basis == 0 {
				b.Fatal(extent, err)
			}
			written, then = true, ledger.Moment{Basis: extent.Basis}
		}
		if figures >= benchFigures {
			break
		}
	}
	id := fixture.LargeIndicator(0)
	ofIndicator := func(_ *event.AcceptedSubmission, cell ledger.Cell) bool { return cell.Indicator == id }
	load := func(b *testing.B, h *ledger.History, m ledger.Moment) {
		if extent, err := store.Load(b.Context(), log, h.Ledger, m, zerolog.Nop()); err != nil || extent.Basis == 0 {
			b.Fatal(extent, err)
		}
	}
	for _, run := range []struct {
		name  string
		keep  ledger.Keep
		begin func(*testing.B, *ledger.History)
	}{
		{"report/log", nil, nil},
		{"report/snapshot", nil, func(b *testing.B, h *ledger.History) { load(b, h, ledger.Moment{}) }},
		{"explanation/log", ofIndicator, nil},
		{"explanation/snapshot", ofIndicator, func(b *testing.B, h *ledger.History) {
			load(b, h, ledger.Moment{})
			if err := h.Recall(b.Context(), log, id); err != nil {
				b.Fatal(err)
			}
		}},
		{"difference/log", func(*event.AcceptedSubmission, ledger.Cell) bool { return false }, nil},
		{"difference/snapshot", func(*event.AcceptedSubmission, ledger.Cell) bool { return false }, func(b *testing.B, h *ledger.History) { load(b, h, then) }},
	} {
		b.Run(run.name, func(b *testing.B) {
			began := time.Now()
			for b.Loop() {
				h := ledger.NewHistory(c, ledger.Moment{}, run.keep)
				if run.begin != nil {
					run.begin(b, h)
				}
				if err := h.Replay(b.Context(), log); err != nil {
					b.Fatal(err)
				}
				if h.Ledger.Basis() != l.Basis() {
					b.Fatalf("basis %d, want %d", h.Ledger.Basis(), l.Basis())
				}
			}
			b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(b.N)/float64(figures), "ns/figure")
		})
	}
}
