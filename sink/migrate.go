package sink

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cenkalti/backoff/v5"
)

//go:embed schema/*.sql
var schema embed.FS

// EditedMigrationError is the error for a migration whose text was changed after it had been
// applied to the database.
type EditedMigrationError struct{ File, Database string }

// Error says which migration it is and what to do.
func (e *EditedMigrationError) Error() string {
	return fmt.Sprintf("migration %s was applied to database %s with another text; restore its text and write what changes as a new migration, "+
		"or fill the database from the log again: citytally replay --into clickhouse", e.File, e.Database)
}

// Chinese says the same in Chinese.
func (e *EditedMigrationError) Chinese() string {
	return fmt.Sprintf("数据库 %[2]s 曾以另一文本执行迁移 %[1]s；请恢复其文本，把改动写成新的迁移，或由日志重新填充该数据库：citytally replay --into clickhouse", e.File, e.Database)
}

// NewerSchemaError is the error for a database that a newer program has migrated.
type NewerSchemaError struct {
	Database     string
	Found, Known uint32 // numbers of the last migration: of the database, of this program
}

// Error says how old this program is and what to do.
func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("database %s has schema %d, this program knows schemas up to %d: start the newer version of citytally that migrated it, "+
		"or fill the database again with this one: citytally replay --into clickhouse", e.Database, e.Found, e.Known)
}

// Chinese says the same in Chinese.
func (e *NewerSchemaError) Chinese() string {
	return fmt.Sprintf("数据库 %s 的结构版本为 %d，本程序只识别到 %d：请启动将其升级的较新版本，或用本程序重新填充：citytally replay --into clickhouse", e.Database, e.Found, e.Known)
}

// Migrate creates the database and brings its tables and views up to date. Applied
// migrations are recorded in schema_versions. When the text of one has changed since,
// Migrate changes nothing and returns an [*EditedMigrationError], and a [*NewerSchemaError]
// where a newer program has migrated the database. Where tables are not as the migrations made
// them, it returns an [*OtherTablesError]. Two processes may migrate at the same
// time, because every statement may be repeated and the views are compared in the end.
func (s *Store) Migrate(ctx context.Context) error {
	err := s.migrate(ctx, schema)
	if err == nil {
		err = s.defineDistributed(ctx)
	}
	if err == nil {
		err = s.checkTables(ctx)
	}
	if err == nil {
		_, err = s.defineViews(ctx)
	}
	if isOtherTables(err) {
		return err
	}
	if err != nil {
		return fmt.Errorf("migrate ClickHouse database %s on %s: %w", s.database, s.address, err)
	}
	return nil
}

type migration struct {
	version    uint32
	file, hash string
	statements []string
}

func (s *Store) migrate(ctx context.Context, files fs.FS) error {
	migrations, err := readMigrations(files)
	if err != nil {
		return err
	}
	if err := s.createDatabase(ctx); err != nil {
		return err
	}
	if err := s.checkCluster(ctx); err != nil {
		return err
	}
	if err := s.execute(ctx, createVersions); err != nil {
		return fmt.Errorf("create schema_versions: %w", err)
	}
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return err
	}
	if err := s.checkApplied(applied, migrations); err != nil {
		return err
	}
	var newest []string
	for _, m := range migrations {
		if _, ok := applied[m.version]; ok {
			continue
		}
		if err := s.applyConcurrently(ctx, m); err != nil {
			return fmt.Errorf("apply migration %s: %w", m.file, err)
		}
		newest = append(newest, m.file)
	}
	if n := len(newest); n > 0 {
		s.logger.Info().Int("migrations", n).Str("last", newest[n-1]).Str("database", s.database).Msg("the tables of ClickHouse were brought up to date")
	}
	return nil
}

// checkApplied returns a [*NewerSchemaError] or an [*EditedMigrationError] where the database was
// made by other migrations than those of this program.
func (s *Store) checkApplied(applied map[uint32]string, migrations []migration) error {
	known := uint32(len(migrations))
	for version := range applied {
		if version > known {
			return &NewerSchemaError{Database: s.database, Found: slices.Max(slices.Collect(maps.Keys(applied))), Known: known}
		}
	}
	for _, m := range migrations {
		if hash, ok := applied[m.version]; ok && hash != m.hash {
			return &EditedMigrationError{File: m.file, Database: s.database}
		}
	}
	return nil
}

// IsOtherSchema reports whether an error says that another program made the tables, or that somebody
// altered them, so that this one can use them only when they have been filled from the log again.
func IsOtherSchema(err error) bool {
	_, newer := errors.AsType[*NewerSchemaError](err)
	_, edited := errors.AsType[*EditedMigrationError](err)
	return newer || edited || isOtherTables(err)
}

const applyAttempts = 5

// applyConcurrently applies a migration that another process may be applying too. A
// statement that fails because the other process was faster succeeds when it is repeated,
// unless the other process has by then applied the whole migration.
func (s *Store) applyConcurrently(ctx context.Context, m migration) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.apply(ctx, m)
		if err == nil {
			return struct{}{}, nil
		}
		applied, look := s.appliedMigrations(ctx)
		if look != nil {
			return struct{}{}, backoff.Permanent(errors.Join(err, look))
		}
		if _, done := applied[m.version]; done {
			return struct{}{}, nil
		}
		return struct{}{}, err
	}, backoff.WithMaxTries(applyAttempts))
	return err
}

const createVersions = `CREATE TABLE IF NOT EXISTS schema_versions
(
    version    UInt32 COMMENT 'number of the migration',
    file       String COMMENT 'its file',
    hash       String COMMENT 'SHA-256 of its text',
    applied_at DateTime64(3, 'UTC') COMMENT 'when it was applied, UTC'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY version
SETTINGS non_replicated_deduplication_window = 0
COMMENT 'Migrations applied to this database'`

func (s *Store) createDatabase(ctx context.Context) error {
	// A user without the right to create databases may use one that exists.
	return s.withServerConnection(func(conn driver.Conn) error {
		var exists uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM system.databases WHERE name = ?", s.database).Scan(&exists); err != nil {
			return fmt.Errorf("look for the database: %w", err)
		}
		if exists > 0 {
			return nil
		}
		if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+quoteName(s.database)+s.cluster.on()); err != nil {
			return fmt.Errorf("create the database: %w", err)
		}
		return nil
	})
}

func (s *Store) appliedMigrations(ctx context.Context) (map[uint32]string, error) {
	rows, err := s.conn.Query(ctx, "SELECT version, hash FROM schema_versions FINAL")
	if err != nil {
		return nil, fmt.Errorf("read schema_versions: %w", err)
	}
	defer rows.Close()
	applied := map[uint32]string{}
	for rows.Next() {
		var version uint32
		var hash string
		if err := rows.Scan(&version, &hash); err != nil {
			return nil, fmt.Errorf("read schema_versions: %w", err)
		}
		applied[version] = hash
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read schema_versions: %w", err)
	}
	return applied, nil
}

func (s *Store) apply(ctx context.Context, m migration) error {
	for _, statement := range m.statements {
		if err := s.execute(ctx, statement); err != nil {
			return err
		}
	}
	err := s.insert(ctx, "schema_versions", []column{
		{"version", []uint32{m.version}}, {"file", []string{m.file}}, {"hash", []string{m.hash}},
		{"applied_at", []time.Time{s.now()}},
	})
	if err != nil {
		return err
	}
	s.logger.Debug().Str("migration", m.file).Str("database", s.database).Msg("ClickHouse migration applied")
	return nil
}

// execute carries a statement about tables out, on a cluster as that needs it.
func (s *Store) execute(ctx context.Context, statement string) error {
	statement, err := s.cluster.table(statement)
	if err != nil || statement == "" {
		return err
	}
	return s.conn.Exec(ctx, statement)
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// readMigrations reads schema/NNNN_name.sql, numbered from 1 without gaps.
func readMigrations(files fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(files, "schema")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	migrations := make([]migration, len(entries))
	for i, entry := range entries {
		m := migrationName.FindStringSubmatch(entry.Name())
		if m == nil {
			return nil, fmt.Errorf("migration %s: want a name such as 0001_tables.sql", entry.Name())
		}
		if number, _ := strconv.Atoi(m[1]); number != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", entry.Name(), i+1)
		}
		text, err := fs.ReadFile(files, path.Join("schema", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		body := strings.ReplaceAll(string(text), "\r\n", "\n")
		sum := sha256.Sum256([]byte(body))
		migrations[i] = migration{
			version: uint32(i + 1), file: entry.Name(), hash: hex.EncodeToString(sum[:]), statements: splitStatements(body),
		}
	}
	return migrations, nil
}

var commentLine = regexp.MustCompile(`(?m)^--.*\n`)

// splitStatements cuts a migration where a line ends with a semicolon, and leaves out lines
// that are comments.
func splitStatements(text string) []string {
	var statements []string
	for part := range strings.SplitSeq(commentLine.ReplaceAllString(text+"\n", ""), ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			statements = append(statements, part)
		}
	}
	return statements
}
