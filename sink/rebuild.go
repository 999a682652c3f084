package sink

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// Rebuild drops every table and view of the schema, creates them anew and fills them from
// the log. A rebuild that was interrupted goes on where it had come to. Sink stages may run
// meanwhile: they wait for the tables and store later messages. A row that both store is one
// row, because rows have natural keys.
//
// Until the rebuild is over, queries have incomplete answers. Verdicts and totals that the
// log no longer keeps (streams.verdicts_for, streams.totals_for) do not come back;
// observations always do.
func (s *Store) Rebuild(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, since time.Time, config Config, logger zerolog.Logger) ([]Rebuilt, error) {
	if err := s.createDatabase(ctx); err != nil {
		return nil, err
	}
	interrupted, err := s.rebuildUnderWay(ctx)
	if err != nil {
		return nil, err
	}
	if !interrupted {
		if err := s.dropSchema(ctx); err != nil {
			return nil, err
		}
		if err := s.conn.Exec(ctx, createRebuild); err != nil {
			return nil, fmt.Errorf("create rebuild_data: %w", err)
		}
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	if err := s.SyncCatalogue(ctx, c, since); err != nil {
		return nil, err
	}
	var all []Rebuilt
	for _, table := range []struct {
		stream string
		block  block
	}{{stream.Accepted, &observationBlock{}}, {stream.Verdicts, &verdictBlock{}}, {stream.Totals, &totalsBlock{}}, {stream.Releases, &releaseBlock{}}} {
		r := &rebuild{store: s, log: log, config: config, logger: logger, block: table.block, Rebuilt: Rebuilt{Stream: table.stream}}
		if err := r.run(ctx); err != nil {
			return nil, fmt.Errorf("rebuild from %s: %w", table.stream, err)
		}
		all = append(all, r.Rebuilt)
	}
	if err := s.conn.Exec(ctx, "DROP TABLE IF EXISTS rebuild_data SYNC"); err != nil {
		return nil, fmt.Errorf("drop rebuild_data: %w", err)
	}
	return all, nil
}

// createRebuild creates the table that exists while a rebuild is under way. It is created
// after everything else has been dropped.
const createRebuild = `CREATE TABLE IF NOT EXISTS rebuild_data
(
    stream   String COMMENT 'stream of the log',
    sequence UInt64 COMMENT 'its messages up to here are in the store'
)
ENGINE = ReplacingMergeTree(sequence)
ORDER BY stream
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'How far a rebuild from the log has come'`

func (s *Store) rebuildUnderWay(ctx context.Context) (bool, error) {
	var tables uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = ? AND name = 'rebuild_data'", s.database).Scan(&tables); err != nil {
		return false, fmt.Errorf("look for an interrupted rebuild: %w", err)
	}
	return tables > 0, nil
}

var createdTable = regexp.MustCompile(`^CREATE TABLE IF NOT EXISTS (\w+)`)

// dropSchema drops what the migrations create. It drops the record of the migrations first,
// so that after an interruption all of them are applied again.
func (s *Store) dropSchema(ctx context.Context) error {
	migrations, err := readMigrations(schema)
	if err != nil {
		return err
	}
	statements := []string{"DROP TABLE IF EXISTS schema_versions SYNC"}
	for name := range readViews() {
		statements = append(statements, "DROP VIEW IF EXISTS "+name+" SYNC")
	}
	for _, m := range slices.Backward(migrations) {
		for _, statement := range slices.Backward(m.statements) {
			if made := createdTable.FindStringSubmatch(statement); made != nil {
				statements = append(statements, "DROP TABLE IF EXISTS "+made[1]+" SYNC")
			}
		}
	}
	for _, statement := range statements {
		if err := s.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("drop the projection: %w", err)
		}
	}
	return nil
}

// rebuild fills the store from one stream.
type rebuild struct {
	Rebuilt
	store  *Store
	log    *stream.Log
	config Config
	logger zerolog.Logger
	block  block
}

func (r *rebuild) run(ctx context.Context) error {
	var done uint64
	err := r.store.conn.QueryRow(ctx, "SELECT max(sequence) FROM rebuild_data WHERE stream = ?", r.Stream).Scan(&done)
	if err != nil {
		return fmt.Errorf("read how far an interrupted rebuild had come: %w", err)
	}
	r.From = done + 1
	if r.To, err = r.log.LastSequence(ctx, r.Stream); err != nil || r.To < r.From {
		return err
	}
	end := errors.New("all is stored")
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	last := done
	err = r.log.Follow(reading, stream.FollowConfig{Stream: r.Stream, From: r.From}, func(d stream.Delivery) error {
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
		return r.store.insert(ctx, "rebuild_data", []column{{"stream", []string{r.Stream}}, {"sequence", []uint64{upTo}}})
	})
	if err != nil {
		return err
	}
	r.Rows += r.block.rows()
	r.block.reset()
	r.logger.Debug().Str("stream", r.Stream).Uint64("sequence", upTo).Msg("rebuilt so far")
	return nil
}
