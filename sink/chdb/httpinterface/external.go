package httpinterface

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// maxFieldBytes bounds one field of a multipart form. Its external tables have a limit of their own, together:
// limits.ExternalTableBytes.
const maxFieldBytes = 1 << 20

func isMultipart(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == "multipart/form-data"
}

// readMultipart reads a form. Its fields are parameters, such as query and param_*; its files are external tables, which
// the parameters NAME_structure or NAME_types, and NAME_format, describe. It appends the field query to query and returns
// that.
func (q *request) readMultipart(body io.Reader, query string) (string, error) {
	_, attributes, err := mime.ParseMediaType(q.http.Header.Get("Content-Type"))
	if err != nil {
		return "", exception.Newf(proto.ErrBadArguments, "Content-Type: %v", err)
	}
	form := multipart.NewReader(body, attributes["boundary"])
	left, fieldsLeft := int64(limits.ExternalTableBytes), int64(limits.QueryBytes)
	if q.user.ReadOnly {
		fieldsLeft = limits.ReaderQueryBytes
	}
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return query, nil
		}
		if err != nil {
			return "", exception.Newf(proto.ErrBadArguments, "Multipart form: %v", err)
		}
		_, isFile := partFilename(part)
		if isFile && q.user.ReadOnly {
			return "", exception.Newf(proto.ErrReadonly, "%s: A user that may only read cannot send tables along with a query: "+
				"put the values in the query itself, in IN or VALUES", q.user.Name)
		}
		limit := min(maxFieldBytes, fieldsLeft)
		if isFile {
			limit = left
		}
		data, err := io.ReadAll(io.LimitReader(part, limit+1))
		if err != nil {
			return "", exception.Newf(proto.ErrBadArguments, "Multipart form, part '%s': %v", part.FormName(), err)
		}
		if int64(len(data)) > limit {
			return "", exception.Newf(proto.ErrQueryIsTooLarge, "Multipart form, part '%s': larger than %d bytes", part.FormName(), limit)
		}
		if !isFile {
			fieldsLeft -= int64(len(data))
		}
		switch name := part.FormName(); {
		case isFile:
			left -= int64(len(data))
			table, err := q.describeExternal(name, data)
			if err != nil {
				return "", err
			}
			q.external = append(q.external, table)
		case name == "query":
			query += string(data)
		case strings.HasPrefix(name, queryParamPrefix):
			q.settings = append(q.settings, param{name, string(data)})
		case name != "":
			q.params = append(q.params, param{name, string(data)})
			if !reservedParams[name] && !hasAnySuffix(name, externalSuffixes) {
				q.settings = append(q.settings, param{name, string(data)})
			}
		}
	}
}

// partFilename returns the file name of a part. It reports false for a field, which has none; the empty name makes a file.
func partFilename(part *multipart.Part) (string, bool) {
	_, attributes, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return "", false
	}
	name, ok := attributes["filename"]
	return name, ok
}

func (q *request) describeExternal(name string, data []byte) (tables.External, error) {
	table := tables.External{Name: name, Rows: data,
		Structure: q.params.get(name + "_structure"), Format: cmp.Or(q.params.get(name+"_format"), "TabSeparated")}
	if name == "" {
		return table, exception.Newf(proto.ErrBadArguments, "Multipart form: an external table needs a name")
	}
	if table.Structure == "" {
		types, ok := q.params.lookup(name + "_types")
		if !ok {
			return table, exception.Newf(proto.ErrBadArguments,
				"Neither structure nor types have been provided for external table %s. Use fields %s_structure or %s_types to do so.",
				name, name, name)
		}
		var columns []string
		for i, one := range strings.Split(types, ",") {
			columns = append(columns, fmt.Sprintf("_%d %s", i+1, one))
		}
		table.Structure = strings.Join(columns, ", ")
	}
	if !parenthesesMatch(table.Structure) {
		return table, exception.Newf(proto.ErrSyntaxError, "Structure of external table %s: its parentheses do not match", name)
	}
	return table, nil
}

// parenthesesMatch says whether a list of columns, put between parentheses in a statement, stays inside them.
func parenthesesMatch(structure string) bool {
	depth := 0
	for _, c := range structure {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ';':
			return false
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}
