package statement

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/judged"
)

// CheckFormat refuses a text that cannot be the name of a format, because the name becomes part of a query's text, and a
// format that package judged refuses.
func CheckFormat(format string) error {
	for i := range len(format) {
		if !isWord(format[i]) {
			return exception.Newf(proto.ErrUnknownFormat, "Unknown format %s", Excerpt(format))
		}
	}
	if format == "" {
		return exception.Newf(proto.ErrUnknownFormat, "Unknown format: it has no name")
	}
	if verdict, _ := judged.Formats.Of(format); verdict == judged.Refused {
		return Denied("the format "+format, "one without a schema on the server, such as Parquet or JSONEachRow.")
	}
	return nil
}
