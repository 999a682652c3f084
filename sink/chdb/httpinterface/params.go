package httpinterface

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// param is a name and a value in a URL's query or a form.
type param struct{ name, value string }

// params are a request's parameters in their original order.
type params []param

// parseParams splits a URL's raw query at & alone: unlike in net/url, a semicolon belongs to the SQL. A parameter without
// a name is dropped, and a name with a control character, which no setting has, is an error.
func parseParams(raw string) (params, error) {
	var all params
	for piece := range strings.SplitSeq(raw, "&") {
		if piece == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(piece, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return nil, exception.Newf(proto.ErrBadArguments, "Parameter name in the URL: %v", err)
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, exception.Newf(proto.ErrBadArguments, "Parameter '%s' in the URL: %v", name, err)
		}
		if strings.ContainsFunc(name, unicode.IsControl) {
			return nil, exception.Newf(proto.ErrBadArguments, "Parameter name in the URL: %q has a control character", statement.Excerpt(name))
		}
		if name != "" {
			all = append(all, param{name, value})
		}
	}
	return all, nil
}

func (p params) lookup(name string) (string, bool) {
	for _, one := range p {
		if one.name == name {
			return one.value, true
		}
	}
	return "", false
}

func (p params) has(name string) bool {
	_, ok := p.lookup(name)
	return ok
}

func (p params) get(name string) string {
	value, _ := p.lookup(name)
	return value
}

// flag reads a boolean parameter; false when it is absent.
func (p params) flag(name string) (bool, error) {
	switch value, ok := p.lookup(name); {
	case !ok:
		return false, nil
	case value == "1", strings.EqualFold(value, "true"):
		return true, nil
	case value == "0", strings.EqualFold(value, "false"):
		return false, nil
	default:
		return false, exception.Newf(proto.ErrBadArguments, "Parameter '%s': want 0 or 1, got '%s'", name, value)
	}
}

// number reads a parameter that is a whole number, 0 or more; fallback when it is absent.
func (p params) number(name string, fallback int) (int, error) {
	value, ok := p.lookup(name)
	if !ok {
		return fallback, nil
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < 0 {
		return 0, exception.Newf(proto.ErrBadArguments, "Parameter '%s': want a whole number, got '%s'", name, value)
	}
	return number, nil
}

// reservedParams have a meaning of their own; every other parameter is a setting of ClickHouse.
var reservedParams = map[string]bool{
	"query": true, "database": true, "default_format": true, "user": true, "password": true, "quota_key": true,
	"query_id": true, "stacktrace": true, "role": true, "compress": true, "decompress": true, "buffer_size": true,
	"wait_end_of_query": true, "session_id": true, "session_timeout": true, "session_check": true,
	"close_session": true, "client_protocol_version": true,
}

// externalSuffixes end the names of the parameters that describe external tables in a multipart request.
var externalSuffixes = []string{"_format", "_types", "_structure"}

// queryParamPrefix begins the names of the parameters that fill a query's placeholders {name:Type}.
const queryParamPrefix = "param_"

// settings are the parameters that change a setting or fill a placeholder. Those that describe external tables in a
// multipart request are left out.
func (p params) settings(multipart bool) params {
	var settings params
	for _, one := range p {
		if reservedParams[one.name] {
			continue
		}
		if multipart && !strings.HasPrefix(one.name, queryParamPrefix) && hasAnySuffix(one.name, externalSuffixes) {
			continue
		}
		settings = append(settings, one)
	}
	return settings
}

func hasAnySuffix(s string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

// within are the settings with values that the session's user may have.
func (p params) within(s *engine.Session) params {
	bounded := slices.Clone(p)
	for i := range bounded {
		bounded[i].value = s.Bound(bounded[i].name, bounded[i].value)
	}
	return bounded
}

// setStatement is one SET statement for all of p, or "" when there are none.
func (p params) setStatement() string {
	if len(p) == 0 {
		return ""
	}
	var b strings.Builder
	for i, one := range p {
		if i == 0 {
			b.WriteString("SET ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(settingName(one.name))
		b.WriteString(" = ")
		b.WriteString(statement.QuoteString(one.value))
	}
	return b.String()
}

// settingName quotes a name only where SQL needs it: the engine does not find a known setting by its quoted name.
func settingName(name string) string {
	if statement.IsPlainName(name) {
		return name
	}
	return statement.QuoteName(name)
}
