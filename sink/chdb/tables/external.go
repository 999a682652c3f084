package tables

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// External is a table that a client sends along with a query, for that query alone to read.
type External struct {
	Name      string
	Structure string // its columns, as between the parentheses of CREATE TABLE
	Format    string // of Rows
	Rows      []byte
}

// Create makes the table in the session and fills it. When that fails nothing of it is left.
func (t External) Create(ctx context.Context, s *engine.Session) error {
	name := statement.QuoteName(t.Name)
	if err := s.Exec(ctx, "CREATE TEMPORARY TABLE "+name+" ("+t.Structure+") ENGINE = Memory"); err != nil {
		return fmt.Errorf("create external table %s: %w", t.Name, err)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	if _, err := s.Insert(ctx, "INSERT INTO "+name, t.Format, bytes.NewReader(t.Rows)); err != nil {
		return errors.Join(fmt.Errorf("fill external table %s: %w", t.Name, err), t.Drop(ctx, s))
	}
	return nil
}

// Drop removes the table, also when ctx has ended.
func (t External) Drop(ctx context.Context, s *engine.Session) error {
	err := s.Exec(context.WithoutCancel(ctx), "DROP TEMPORARY TABLE IF EXISTS "+statement.QuoteName(t.Name))
	if err != nil {
		return fmt.Errorf("drop external table %s: %w", t.Name, err)
	}
	return nil
}
