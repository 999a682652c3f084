package nativeprotocol

import (
	"cmp"
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

// bytesOf is how many bytes of text the settings have.
func bytesOf(settings []setting) (size int) {
	for _, s := range settings {
		size += len(s.name) + len(s.value)
	}
	return size
}

func tooManyBytes(most int) error {
	return fmt.Errorf("text, settings and parameters of the query have more than %d bytes", most)
}

// readSettings reads settings or parameters of at most that many bytes; an empty name ends them.
func readSettings(in *nativeformat.Reader, most int) (settings []setting, err error) {
	left := most
	for {
		var s setting
		if s.name, err = in.String(maxTextBytes); err != nil || s.name == "" {
			return settings, err
		}
		if len(settings) == maxSettings {
			return nil, fmt.Errorf("more than %d settings", maxSettings)
		}
		if left -= len(s.name); left < 0 {
			return nil, tooManyBytes(most)
		}
		flags, err := in.Uvarint()
		if err != nil {
			return nil, err
		}
		if s.value, err = in.String(uint64(min(maxSettingBytes, left))); err != nil {
			return nil, err
		}
		left -= len(s.value)
		s.important = flags&settingImportant != 0
		if flags&settingCustom != 0 {
			s.value = unquoteField(s.value)
		}
		settings = append(settings, s)
	}
}

// settingEncoding is how clients before ClickHouse 20 encode a setting's value;
// it depends on the setting's type.
type settingEncoding int

const (
	encodedText settingEncoding = iota
	encodedUnsigned
	encodedSigned
)

// readBinarySettings reads the settings of such a client; an empty name ends them.
func readBinarySettings(in *nativeformat.Reader, most int, encodings func(string) (settingEncoding, error)) (settings []setting, err error) {
	left := most
	for {
		var s setting
		if s.name, err = in.String(maxTextBytes); err != nil || s.name == "" {
			return settings, err
		}
		if len(settings) == maxSettings {
			return nil, fmt.Errorf("more than %d settings", maxSettings)
		}
		if left -= len(s.name); left < 0 {
			return nil, tooManyBytes(most)
		}
		encoding, err := encodings(s.name)
		if err != nil {
			return nil, err
		}
		if encoding == encodedText {
			s.value, err = in.String(uint64(min(maxSettingBytes, left)))
			left -= len(s.value)
		} else {
			var number uint64
			number, err = in.Uvarint()
			s.value = strconv.FormatUint(number, 10)
			if encoding == encodedSigned {
				s.value = strconv.FormatInt(int64(number>>1)^-int64(number&1), 10)
			}
		}
		if err != nil {
			return nil, err
		}
		settings = append(settings, s)
	}
}

// settingEncodings asks the engine for its settings and returns the encoding of
// each.
func settingEncodings(ctx context.Context, s *engine.Session) (map[string]settingEncoding, error) {
	rows, err := tables.Rows(ctx, s, "SELECT name, type FROM system.settings")
	if err != nil {
		return nil, err
	}
	encodings := make(map[string]settingEncoding, len(rows))
	for _, row := range rows {
		switch row[1] {
		case "UInt64", "NonZeroUInt64", "Bool", "MaxThreads", "Seconds", "Milliseconds", "UInt64Auto", "BoolAuto":
			encodings[row[0]] = encodedUnsigned
		case "Int64", "Int32":
			encodings[row[0]] = encodedSigned
		default:
			encodings[row[0]] = encodedText
		}
	}
	return encodings, nil
}

// withheldSettings are not applied to the session: they would change the blocks
// that the engine exchanges with this server, or are for this server itself.
var withheldSettings = map[string]bool{
	"output_format_native_encode_types_in_binary_format": true,
	"input_format_native_decode_types_in_binary_format":  true,
	"network_compression_method":                         true,
	"network_zstd_compression_level":                     true,
}

// querySettings applies to a session the settings that come with a query, and
// undoes them before a query that comes without them. For a client that sends the
// same settings with every query it runs one SET in all.
type querySettings struct {
	applied map[string]string // the values in force
	undo    map[string]string // for each setting that was ever applied, the assignment that undoes it
}

// forget is for after a SET of the client's own, to whose values a setting has to be taken back from now on.
func (q *querySettings) forget() { q.undo = nil }

// apply makes want the only settings in force that came with a query.
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
		next[w.name] = s.Bound(w.name, w.value)
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
		if err := s.Restore(ctx, undo); err != nil {
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

// set runs one SET for all names. When the engine does not know one of them, it
// sets each by itself and leaves out unknown ones that are optional.
func (q *querySettings) set(ctx context.Context, s *engine.Session, names []string, values map[string]string, optional map[string]bool) error {
	assign := make([]string, len(names))
	for i, name := range names {
		assign[i] = name + " = " + statement.QuoteString(values[name])
	}
	err := s.Exec(ctx, "SET "+strings.Join(assign, ", "))
	var failure *exception.Error
	switch {
	case err == nil:
		for _, name := range names {
			q.applied[name] = values[name]
		}
		return nil
	case !errors.As(err, &failure) || failure.Code != proto.ErrUnknownSetting:
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

// noteUndo records the current values of those names that were never applied. It reads system.settings, which takes
// longer than many a query.
func (q *querySettings) noteUndo(ctx context.Context, s *engine.Session, names []string) error {
	if q.applied == nil {
		q.applied = map[string]string{}
	}
	if q.undo == nil {
		q.undo = map[string]string{}
	}
	var quoted []string
	for _, name := range names {
		if _, known := q.undo[name]; !known {
			quoted = append(quoted, statement.QuoteString(name))
		}
	}
	if len(quoted) == 0 {
		return nil
	}
	undo := make(map[string]string, len(quoted))
	rows, err := tables.Rows(ctx, s, "SELECT name, value FROM system.settings WHERE changed AND name IN ("+strings.Join(quoted, ", ")+")")
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	for _, row := range rows {
		if row[0] == "readonly" && row[1] == "0" {
			continue // from a higher one only the default leads back
		}
		undo[row[0]] = row[0] + " = " + statement.QuoteString(row[1])
	}
	for _, name := range names {
		if _, known := q.undo[name]; !known {
			q.undo[name] = cmp.Or(undo[name], name+" = DEFAULT")
		}
	}
	return nil
}

// bindParameters sets the values of the next query's placeholders {name:Type}.
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
