package sink

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// viewsText holds the statement that defines each view.
//
//go:embed views.sql
var viewsText string

var viewName = regexp.MustCompile(`(?m)^CREATE OR REPLACE VIEW (\w+)$`)

// canonicalView is SQL for the text of a view as ClickHouse writes it, without the name of
// the database and the definer that a server gives it: what a statement defines and what the
// database has compare by it.
const canonicalView = `replaceRegexpOne(replaceRegexpOne(replaceAll(formatQuery(%s), currentDatabase() || '.', ''),
	'^CREATE (OR REPLACE )?VIEW (IF NOT EXISTS )?', 'CREATE VIEW '), 'DEFINER = \\S+ SQL SECURITY DEFINER\\s+', '')`

// Views are the names of the views that answer analysts, in order.
func Views() []string { return slices.Sorted(maps.Keys(readViews())) }

// readViews returns the statement that defines each view, by the view's name.
func readViews() map[string]string {
	views := map[string]string{}
	for _, statement := range splitStatements(viewsText) {
		views[viewName.FindStringSubmatch(statement)[1]] = statement
	}
	return views
}

// defineViews defines anew every view that the database lacks or has otherwise, and returns
// their names in order. A view becomes another one when somebody changes it, and when the
// server carries out late what a process asked for that has died since. The views of a newer
// program are left as they are.
func (s *Store) defineViews(ctx context.Context) ([]string, error) {
	if newer, err := s.isNewer(ctx); err != nil || newer {
		return nil, err
	}
	views := readViews()
	for name, statement := range views {
		views[name] = s.cluster.view(statement)
	}
	defined, err := s.otherViews(ctx, views)
	if err != nil {
		return nil, err
	}
	for _, name := range defined {
		if err := s.conn.Exec(ctx, s.cluster.execute(views[name])); err != nil {
			return nil, fmt.Errorf("define view %s: %w", name, err)
		}
	}
	return defined, nil
}

// isNewer reports whether a newer program has migrated the database.
func (s *Store) isNewer(ctx context.Context) (bool, error) {
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return false, err
	}
	known, err := readMigrations(schema)
	for version := range applied {
		if int(version) > len(known) {
			return true, err
		}
	}
	return false, err
}

// otherViews returns the names, in order, of the views that the database does not have as their
// statements define them. It asks for all at once, and only where one has changed since all were
// found as they should be: formatting twice fifteen views takes ClickHouse a tenth of a second.
func (s *Store) otherViews(ctx context.Context, views map[string]string) (others []string, err error) {
	var state viewState
	err = s.conn.QueryRow(ctx, "SELECT count(), sum(sipHash64(name, create_table_query)) FROM system.tables WHERE database = currentDatabase() AND engine = 'View'").
		Scan(&state.views, &state.hash)
	if err != nil {
		return nil, fmt.Errorf("compare views: %w", err)
	}
	if found := s.viewsFound.Load(); found != nil && *found == state {
		return nil, nil
	}
	names := slices.Sorted(maps.Keys(views))
	statements := make([]string, len(names))
	for i, name := range names {
		statements[i] = views[name]
	}
	err = s.conn.QueryRow(ctx, "SELECT arraySort(groupArray(wanted.1)) FROM (SELECT arrayJoin(arrayZip(?, ?)) AS wanted) "+
		"WHERE (wanted.1, "+fmt.Sprintf(canonicalView, "wanted.2")+") NOT IN "+
		"(SELECT name, "+fmt.Sprintf(canonicalView, "create_table_query")+" FROM system.tables WHERE database = currentDatabase() AND engine = 'View')",
		names, statements).Scan(&others)
	if err != nil {
		return nil, fmt.Errorf("compare views: %w", err)
	}
	if len(others) == 0 {
		s.viewsFound.Store(&state)
		return nil, nil
	}
	return others, nil
}

// viewState is the views of a database as they are: how many, and a hash of their texts.
type viewState struct{ views, hash uint64 }

// schemaInterval is how often running workers compare tables and views with how they should be.
const schemaInterval = 5 * time.Second

// keepSchema looks after tables and views until ctx ends: it defines views anew that are not as this
// program defines them, and tells of tables that are not as the migrations made them.
func (w *Workers) keepSchema(ctx context.Context) error {
	ticks := time.NewTicker(schemaInterval)
	defer ticks.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		defined, err := w.store.mendSchema(ctx)
		if ctx.Err() != nil {
			return nil
		}
		w.readiness.judgeSchema(err)
		if len(defined) > 0 {
			w.logger.Warn().Strs("views", defined).Msg("views of the database were missing or not as this version of citytally defines them, and have been defined anew")
		}
		switch {
		case isOtherTables(err) && err.Error() != told:
			told = err.Error()
			w.logger.Error().Msg(told)
		case err == nil && told != "":
			told = ""
			w.logger.Info().Msg("the tables are as they should be again")
		}
	}
}

// mendSchema defines views anew, and returns their names and why tables or views are not as they should
// be now. Those of a newer program are left as they are.
func (s *Store) mendSchema(ctx context.Context) (defined []string, err error) {
	if newer, err := s.isNewer(ctx); newer || err != nil && !isNotThere(err) {
		return nil, err
	}
	if err := s.checkTables(ctx); err != nil {
		return nil, err
	}
	return s.defineViews(ctx)
}
