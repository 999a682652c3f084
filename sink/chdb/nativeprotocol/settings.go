package nativeprotocol

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/statement"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// Flags of a setting on the wire. Source: BaseSettings.h of ClickHouse.
const (
	settingImportant = 1
	settingCustom    = 2
)

// readSettings reads settings or parameters up to the empty name that ends them.
func readSettings(in *nativeformat.Reader) (settings []setting, err error) {
	for {
		var s setting
		if s.name, err = in.String(maxTextBytes); err != nil || s.name == "" {
			return settings, err
		}
		if len(settings) == maxSettings {
			return nil, fmt.Errorf("more than %d settings", maxSettings)
		}
		flags, err := in.Uvarint()
		if err != nil {
			return nil, err
		}
		if s.value, err = in.String(maxSettingBytes); err != nil {
			return nil, err
		}
		s.important = flags&settingImportant != 0
		if flags&settingCustom != 0 {
			s.value = unquoteField(s.value)
		}
		settings = append(settings, s)
	}
}

// settingEncoding is how a setting's value lies in the encoding that clients before
// ClickHouse 20 use.
type settingEncoding int

const (
	encodedText settingEncoding = iota
	encodedUnsigned
	encodedSigned
)

// readBinarySettings reads settings whose values' encoding depends on their type.
func readBinarySettings(in *nativeformat.Reader, kinds func(string) (settingEncoding, error)) (settings []setting, err error) {
	for {
		var s setting
		if s.name, err = in.String(maxTextBytes); err != nil || s.name == "" {
			return settings, err
		}
		if len(settings) == maxSettings {
			return nil, fmt.Errorf("more than %d settings", maxSettings)
		}
		kind, err := kinds(s.name)
		if err != nil {
			return nil, err
		}
		if kind == encodedText {
			s.value, err = in.String(maxSettingBytes)
		} else {
			var number uint64
			number, err = in.Uvarint()
			s.value = strconv.FormatUint(number, 10)
			if kind == encodedSigned {
				s.value = strconv.FormatInt(int64(number>>1)^-int64(number&1), 10)
			}
		}
		if err != nil {
			return nil, err
		}
		settings = append(settings, s)
	}
}

// settingEncodings asks the engine for the types of its settings and returns how
// each lies in the old binary encoding.
func settingEncodings(ctx context.Context, s *engine.Session) (map[string]settingEncoding, error) {
	rows, err := tables.Rows(ctx, s, "SELECT name, type FROM system.settings")
	if err != nil {
		return nil, err
	}
	kinds := make(map[string]settingEncoding, len(rows))
	for _, row := range rows {
		switch row[1] {
		case "UInt64", "NonZeroUInt64", "Bool", "MaxThreads", "Seconds", "Milliseconds", "UInt64Auto", "BoolAuto":
			kinds[row[0]] = encodedUnsigned
		case "Int64", "Int32":
			kinds[row[0]] = encodedSigned
		default:
			kinds[row[0]] = encodedText
		}
	}
	return kinds, nil
}

// withheldSettings are settings that do not reach the session: they shape what the
// engine says to this server rather than to the client, or are this server's
// own business.
var withheldSettings = map[string]bool{
	"output_format_native_encode_types_in_binary_format": true,
	"input_format_native_decode_types_in_binary_format":  true,
	"network_compression_method":                         true,
	"network_zstd_compression_level":                     true,
}

// querySettings gives a session the settings that come with a query and takes
// them back before a query that comes without them. A client that sends the
// same ones with every query costs one SET.
type querySettings struct {
	applied map[string]string
	undo    map[string]string // the assignment that undoes each applied one
}

// apply makes want, and nothing else of earlier queries, hold on the session.
func (q *querySettings) apply(ctx context.Context, s *engine.Session, want []setting) error {
	next := make(map[string]string, len(want))
	optional := make(map[string]bool)
	for _, w := range want {
		if !statement.IsPlainName(w.name) {
			return exception.Newf(proto.ErrUnknownSetting, "Unknown setting %q", w.name)
		}
		if withheldSettings[w.name] {
			continue
		}
		next[w.name] = w.value
		optional[w.name] = !w.important
	}
	var undo, do []string
	for _, name := range slices.Sorted(maps.Keys(q.applied)) {
		if _, stays := next[name]; !stays {
			undo = append(undo, q.undo[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if value, is := q.applied[name]; !is || value != next[name] {
			do = append(do, name)
		}
	}
	if len(undo) > 0 {
		if err := s.Exec(ctx, "SET "+strings.Join(undo, ", ")); err != nil {
			return fmt.Errorf("take back settings: %w", err)
		}
		maps.DeleteFunc(q.applied, func(name, _ string) bool { _, stays := next[name]; return !stays })
	}
	if len(do) == 0 {
		return nil
	}
	if err := q.noteUndo(ctx, s, do); err != nil {
		return err
	}
	return q.set(ctx, s, do, next, optional)
}

// set runs the SET; an unknown setting that is not important is left out.
func (q *querySettings) set(ctx context.Context, s *engine.Session, names []string, values map[string]string, optional map[string]bool) error {
	assign := make([]string, len(names))
	for i, name := range names {
		assign[i] = name + " = " + statement.QuoteString(values[name])
	}
	err := s.Exec(ctx, "SET "+strings.Join(assign, ", "))
	var exception *exception.Error
	switch {
	case err == nil:
		for _, name := range names {
			q.applied[name] = values[name]
		}
		return nil
	case !errors.As(err, &exception) || exception.Code != proto.ErrUnknownSetting:
		return err
	case len(names) == 1 && optional[names[0]]:
		return nil
	case len(names) == 1:
		return err
	}
	for _, name := range names {
		if err := q.set(ctx, s, []string{name}, values, optional); err != nil {
			return err
		}
	}
	return nil
}

// noteUndo notes how to undo names that no query of this session has set yet.
func (q *querySettings) noteUndo(ctx context.Context, s *engine.Session, names []string) error {
	if q.applied == nil {
		q.applied, q.undo = map[string]string{}, map[string]string{}
	}
	var quoted []string
	for _, name := range names {
		if _, is := q.applied[name]; !is {
			q.undo[name] = name + " = DEFAULT"
			quoted = append(quoted, statement.QuoteString(name))
		}
	}
	if len(quoted) == 0 {
		return nil
	}
	rows, err := tables.Rows(ctx, s, "SELECT name, value FROM system.settings WHERE changed AND name IN ("+strings.Join(quoted, ", ")+")")
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	for _, row := range rows {
		q.undo[row[0]] = row[0] + " = " + statement.QuoteString(row[1])
	}
	return nil
}

// bindParameters gives the session the values of {name:Type} in the next query.
func bindParameters(ctx context.Context, s *engine.Session, parameters []setting) error {
	if len(parameters) == 0 {
		return nil
	}
	assign := make([]string, len(parameters))
	for i, p := range parameters {
		if !statement.IsPlainName(p.name) {
			return exception.Newf(proto.ErrBadQueryParameter, "A query parameter cannot be named %q", p.name)
		}
		assign[i] = "param_" + p.name + " = " + statement.QuoteString(p.value)
	}
	return s.Exec(ctx, "SET "+strings.Join(assign, ", "))
}
