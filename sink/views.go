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
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	known, err := readMigrations(schema)
	if err != nil {
		return nil, err
	}
	for version := range applied {
		if int(version) > len(known) {
			return nil, nil
		}
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

// viewsInterval is how often running workers compare the views.
const viewsInterval = 10 * time.Second

// keepViews defines views anew, until ctx ends, when they are not as this program defines
// them.
func (w *Workers) keepViews(ctx context.Context) error {
	ticks := time.NewTicker(viewsInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		defined, err := w.store.defineViews(ctx)
		if ctx.Err() != nil {
			return nil
		}
		w.readiness.judgeViews(err)
		if len(defined) > 0 {
			w.logger.Warn().Strs("views", defined).Msg("views of the database were missing or not as this version of citytally defines them, and have been defined anew")
		}
	}
}
