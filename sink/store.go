package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Store is the database that analysts query.
type Store struct {
	conn     driver.Conn
	options  *clickhouse.Options
	database string
	address  string
	logger   zerolog.Logger
	now      func() time.Time
}

// Open connects to the ClickHouse that the DSN names, such as
// clickhouse://user:password@host:9000/citytally or https://…, and waits for it
// to answer until ctx ends. Wrong credentials are not waited for. It changes
// nothing in the database; see [Store.Prepare].
func Open(ctx context.Context, dsn string, config Config, logger zerolog.Logger) (*Store, error) {
	s, err := Dial(dsn, config, logger)
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx, config); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Dial is Open without the wait: connections are made when they are needed.
func Dial(dsn string, config Config, logger zerolog.Logger) (*Store, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("read ClickHouse DSN (want clickhouse://user:password@host:9000/database): %w", withoutSecret(err, dsn))
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
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return &Store{
		conn: conn, options: options, database: options.Auth.Database, address: strings.Join(options.Addr, ","),
		logger: logger, now: time.Now,
	}, nil
}

// Prepare waits for the server as Open does, brings the tables and views up to
// date, and stores the catalogue. A server that goes away in the middle is waited
// for again.
func (s *Store) Prepare(ctx context.Context, c *catalogue.Catalogue, config Config) error {
	for {
		if err := s.await(ctx, config); err != nil {
			return err
		}
		err := s.Migrate(ctx)
		if err == nil {
			err = s.SyncCatalogue(ctx, c)
		}
		if err == nil || !isNetwork(err) || ctx.Err() != nil {
			return err
		}
	}
}

// withoutSecret keeps a parser's message from repeating the password.
func withoutSecret(err error, dsn string) error {
	if strings.Contains(err.Error(), dsn) {
		return errors.New(strings.ReplaceAll(err.Error(), dsn, "the DSN"))
	}
	return err
}

// await returns when the server answers. A database that does not exist yet is
// an answer: Migrate creates it.
func (s *Store) await(ctx context.Context, config Config) error {
	err := persist(ctx, config, s.logger.With().Str("clickhouse", s.address).Logger(), "reach ClickHouse", func(ctx context.Context) error {
		err := s.conn.Ping(ctx)
		switch {
		case hasCode(err, codeUnknownDatabase):
			return nil
		case hasCode(err, codeAuthentication, codeUnknownUser, codeWrongPassword, codeNoPassword):
			return &event.Permanent{Err: fmt.Errorf("connect to ClickHouse on %s: %s: %w", s.address, Advice(err), err)}
		}
		return err
	})
	if ctx.Err() != nil {
		return fmt.Errorf("wait for ClickHouse on %s: %w", s.address, context.Cause(ctx))
	}
	return err
}

// Close ends the connections.
func (s *Store) Close() error { return s.conn.Close() }

// onServer runs f with a connection that needs no database of its own.
func (s *Store) onServer(f func(driver.Conn) error) error {
	options := *s.options
	options.Auth.Database = "default"
	conn, err := clickhouse.Open(&options)
	if err != nil {
		return fmt.Errorf("open ClickHouse: %w", err)
	}
	return errors.Join(f(conn), conn.Close())
}
