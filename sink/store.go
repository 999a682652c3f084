package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Store is the ClickHouse database that analysts query.
type Store struct {
	conn     driver.Conn
	options  *clickhouse.Options
	database string
	address  string
	logger   zerolog.Logger
	now      func() time.Time
	cluster  cluster
	prepared *atomic.Pointer[edition.Edition] // that Prepare has stored last
	// unprepared is why Prepare failed last.
	unprepared *atomic.Pointer[error]
	calendar   *calendarFollower
	viewsFound *atomic.Pointer[viewState] // as all views should be; nil until they were
}

// Open connects to the ClickHouse server that the DSN names, such as
// clickhouse://user:password@host:9000/citytally or https://…, and waits until it answers or
// ctx ends. Wrong credentials are an error at once. Open changes nothing in the database;
// [Store.Prepare] does.
func Open(ctx context.Context, dsn string, config Config, logger zerolog.Logger) (*Store, error) {
	s, err := Dial(dsn, config, logger)
	if err != nil {
		return nil, err
	}
	if err := s.waitForServer(ctx, config, true); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Dial is Open without waiting for an answer; connections are made when they are needed.
func Dial(dsn string, config Config, logger zerolog.Logger) (*Store, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	options, err := ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("read ClickHouse DSN: %w", err)
	}
	if config.Database != "" {
		options.Auth.Database = config.Database
	}
	if options.Auth.Database == "" {
		options.Auth.Database = defaultDatabase
	}
	if options.Compression == nil && !strings.Contains(dsn, "compress=") {
		options.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{"citytally", "1"})
	if options.TLS != nil && config.TLS != nil {
		skip := options.TLS.InsecureSkipVerify // skip_verify of the DSN
		options.TLS = config.TLS.Clone()
		options.TLS.InsecureSkipVerify = skip
	}
	if options.Protocol == clickhouse.Native {
		options.DialContext = dialNative(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return &Store{
		prepared: &atomic.Pointer[edition.Edition]{}, unprepared: &atomic.Pointer[error]{}, calendar: &calendarFollower{}, viewsFound: &atomic.Pointer[viewState]{},
		conn: conn, options: options, database: options.Auth.Database, address: strings.Join(options.Addr, ","),
		logger: logger, now: time.Now, cluster: cluster(config.Cluster),
	}, nil
}

// Prepare waits for the server, also for one that refuses the credentials, since these can be
// mended there; brings the tables and views up to date, and
// stores the calendar and its catalogue, which is in force since a time. When the server goes
// away meanwhile, or has no room, it waits and begins again; [Store.Unprepared] says why.
func (s *Store) Prepare(ctx context.Context, c *calendar.Calendar, since time.Time, config Config) error {
	s.calendar.begin(since)
	if err := s.waitForServer(ctx, config, false); err != nil {
		return err
	}
	attempt := attemptOf(config, s.logger.With().Str("clickhouse", s.address).Logger(), "prepare ClickHouse")
	attempt.Timeout, attempt.DrainFor = 0, 0 // a migration takes what it takes
	attempt.Retry.Failed = func(err error) { s.unprepared.Store(&err) }
	var failed error
	err := stream.Retry(ctx, attempt, func(ctx context.Context) error {
		failed = s.prepare(ctx, c, since)
		if failed != nil && !mayPass(failed) {
			return &event.Permanent{Err: failed}
		}
		return failed
	})
	if event.IsPermanent(err) {
		return failed
	}
	if err != nil && failed != nil {
		return errors.Join(failed, err)
	}
	return err
}

func (s *Store) prepare(ctx context.Context, c *calendar.Calendar, since time.Time) error {
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	if err := s.SyncCatalogue(ctx, c.Catalogue(), since); err != nil {
		return err
	}
	if err := s.SyncCalendar(ctx, c); err != nil {
		return err
	}
	s.prepared.Store(&edition.Edition{Catalogue: c.Catalogue(), Since: since})
	return nil
}

// known returns the catalogue that Prepare has stored, which need not be read again; nil where there
// is none, and of no store.
func (s *Store) known() *catalogue.Catalogue {
	if s == nil || s.prepared.Load() == nil {
		return nil
	}
	return s.prepared.Load().Catalogue
}

// hasPrepared reports whether Prepare has stored an edition, and what is owed under it.
func (s *Store) hasPrepared(e *edition.Edition) bool {
	of := s.prepared.Load()
	return of != nil && of.Catalogue == e.Catalogue && of.Since.Equal(e.Since)
}

// Unprepared returns why Prepare failed last and tries again, or nil.
func (s *Store) Unprepared() error {
	if err := s.unprepared.Load(); err != nil && *err != nil {
		return advised("无法准备 ClickHouse", "ClickHouse cannot be prepared", *err)
	}
	return nil
}

// mayPass reports whether an error of ClickHouse can pass without anything being changed in this
// program, its settings or the schema: nobody answers, or there is no room.
func mayPass(err error) bool {
	return isNetwork(err) || errors.Is(err, context.DeadlineExceeded) || isDiskFull(err) ||
		hasCode(err, codeCannotWrite, codeMemoryLimit, codeCannotAllocate, codeTimeout, codeTooManyParts, codeTooManyQueries, codeCannotScheduleJob, codeTableIsReadOnly, codeKeeper)
}

// waitForServer returns when the server answers, also with the error that the database does
// not exist, which Migrate then creates. With refusalEnds set it returns when the server
// refuses the credentials, too.
func (s *Store) waitForServer(ctx context.Context, config Config, refusalEnds bool) error {
	attempt := attemptOf(config, s.logger.With().Str("clickhouse", s.address).Logger(), "reach ClickHouse")
	attempt.DrainFor = 0 // a ping leaves nothing half done
	err := stream.Retry(ctx, attempt, func(ctx context.Context) error {
		err := s.conn.Ping(ctx)
		switch {
		case hasCode(err, codeUnknownDatabase):
			return nil
		case refusalEnds && hasCode(err, codeAuthentication, codeUnknownUser, codeWrongPassword, codeNoPassword):
			return &event.Permanent{Err: advised("无法连接 ClickHouse "+s.address, "connect to ClickHouse on "+s.address, err)}
		}
		return err
	})
	if ctx.Err() != nil {
		return bilingual.Errorf("等待 %s 的 ClickHouse：%v", "wait for ClickHouse on %s: %v", s.address, context.Cause(ctx))
	}
	return err
}

// Close ends the connections.
func (s *Store) Close() error { return s.conn.Close() }

// withServerConnection calls f with a connection to the server's default database, for when
// the store's does not exist yet.
func (s *Store) withServerConnection(f func(driver.Conn) error) error {
	options := *s.options
	options.Auth.Database = "default"
	conn, err := clickhouse.Open(&options)
	if err != nil {
		return fmt.Errorf("open ClickHouse: %w", err)
	}
	return errors.Join(f(conn), conn.Close())
}

// retry repeats work on the store, with the pauses of the settings, until it succeeds or ctx
// ends.
func retry(ctx context.Context, config Config, logger zerolog.Logger, what string, work func(context.Context) error) error {
	return stream.Retry(ctx, attemptOf(config, logger, what), work)
}

// attemptOf is what the settings say of work on the store.
func attemptOf(config Config, logger zerolog.Logger, what string) stream.Attempt {
	return stream.Attempt{
		What: what, Timeout: config.InsertTimeout, DrainFor: config.InsertTimeout, Logger: logger,
		Retry: stream.RetryConfig{From: config.RetryFrom, To: config.RetryTo, Advice: Advice},
	}
}

// Ping returns nil when ClickHouse answers, or an error that says what to do.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return advised("ClickHouse "+s.address+" 没有应答", "ClickHouse on "+s.address+" does not answer", err)
	}
	return nil
}
