package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Rebuilt says what a rebuild brought back from one stream.
type Rebuilt struct {
	Stream string `json:"stream"`
	// From is the sequence at which the rebuild began: 1, or where an interrupted rebuild
	// had come to.
	From uint64 `json:"from"`
	// To is the stream's last sequence at the start; later messages are left to the sink
	// stage.
	To       uint64 `json:"to"`
	Messages int    `json:"messages"`
	Rows     int    `json:"rows"`
	// Unreadable counts messages that cannot be stored, which the sink stage has sent to
	// DEAD.
	Unreadable int `json:"unreadable"`
}

// Rebuild fills new tables from the log, in a database beside the store's, and then exchanges
// them for the store's. Readers and sink stages use the store meanwhile. A rebuild that was
// interrupted goes on where it had come to.
//
// Rows of verdicts, totals and runs whose messages the log no longer keeps (streams.verdicts_for,
// streams.totals_for) are taken over from the store, unless carry is false: then they are gone,
// as is everything else that the log does not hold.
func (s *Store) Rebuild(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, since time.Time, config Config, carry bool, logger zerolog.Logger) ([]Rebuilt, error) {
	if err := s.createDatabase(ctx); err != nil {
		return nil, err
	}
	beside, err := s.openBeside()
	if err != nil {
		return nil, err
	}
	defer beside.Close()
	b := &rebuilding{store: s, beside: beside, log: log}
	if err := b.begin(ctx, c, since); err != nil {
		return nil, err
	}
	var fills []*rebuild
	for _, table := range []struct {
		stream string
		block  block
	}{{stream.Accepted, &observationBlock{}}, {stream.Verdicts, &verdictBlock{}}, {stream.Totals, &totalsBlock{}}, {stream.Releases, &releaseBlock{}}} {
		fills = append(fills, &rebuild{progress: beside, log: log, config: config, logger: logger, block: table.block, Rebuilt: Rebuilt{Stream: table.stream}})
	}
	exchanging, err := b.isExchanging(ctx)
	if err != nil {
		return nil, err
	}
	if !exchanging {
		if err := fill(ctx, beside, fills); err != nil {
			return nil, err
		}
		if carry {
			if err := b.carryOver(ctx); err != nil {
				return nil, err
			}
		}
	}
	if err := b.exchange(ctx); err != nil {
		return nil, err
	}
	// What sinks stored until the exchange is in the old tables.
	if err := fill(ctx, s, fills); err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	var all []Rebuilt
	for _, f := range fills {
		all = append(all, f.Rebuilt)
	}
	return all, beside.dropDatabase(ctx)
}

func fill(ctx context.Context, into *Store, fills []*rebuild) error {
	for _, f := range fills {
		f.store = into
		if err := f.run(ctx); err != nil {
			return fmt.Errorf("rebuild from %s: %w", f.Stream, err)
		}
	}
	return nil
}

// rebuild fills the store from one stream.
type rebuild struct {
	Rebuilt
	store    *Store // that is filled
	progress *Store // that has the table rebuild_data
	log      *stream.Log
	config   Config
	logger   zerolog.Logger
	block    block
}

func (r *rebuild) run(ctx context.Context) error {
	var done uint64
	err := r.progress.conn.QueryRow(ctx, "SELECT max(sequence) FROM rebuild_data WHERE stream = ?", r.Stream).Scan(&done)
	if err != nil {
		return fmt.Errorf("read how far an interrupted rebuild had come: %w", err)
	}
	from := done + 1
	if r.From == 0 {
		r.From = from
	}
	if r.To, err = r.log.LastSequence(ctx, r.Stream); err != nil || r.To < from {
		return err
	}
	end := errors.New("all is stored")
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	last := done
	err = r.log.Follow(reading, stream.FollowConfig{Stream: r.Stream, From: from}, func(d stream.Delivery) error {
		if d.Sequence > r.To {
			return end
		}
		last = d.Sequence
		if err := r.add(ctx, &d); err != nil {
			return err
		}
		if d.Sequence == r.To {
			return end
		}
		return nil
	}, caughtUp)
	if err != nil && !errors.Is(err, end) {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return r.storeBlock(ctx, last)
}

// add adds a message to the block, and stores the block when it is full and holds no flush
// in part.
func (r *rebuild) add(ctx context.Context, d *stream.Delivery) error {
	r.Messages++
	if err := r.block.add(d); err != nil {
		if !event.IsPermanent(err) {
			return fmt.Errorf("read message %d: %w", d.Sequence, err)
		}
		r.Unreadable++
		r.logger.Warn().Err(err).Str("stream", r.Stream).Uint64("sequence", d.Sequence).Msg("a message cannot be stored; see: citytally dead list")
	}
	if b, ok := r.block.(multipartBlock); ok && b.incomplete() || r.block.rows() < r.config.BatchRows {
		return nil
	}
	return r.storeBlock(ctx, d.Sequence)
}

func (r *rebuild) storeBlock(ctx context.Context, upTo uint64) error {
	err := retry(ctx, r.config, r.logger, "insert into ClickHouse", func(ctx context.Context) error {
		if r.block.rows() > 0 {
			if err := r.block.store(ctx, r.store); err != nil {
				return err
			}
		}
		return r.progress.insert(ctx, "rebuild_data", []column{{"stream", []string{r.Stream}}, {"sequence", []uint64{upTo}}})
	})
	if err != nil {
		return err
	}
	r.Rows += r.block.rows()
	r.block.reset()
	r.logger.Debug().Str("stream", r.Stream).Uint64("sequence", upTo).Msg("rebuilt so far")
	return nil
}
