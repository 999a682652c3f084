package httpinterface

import "strings"

// contentType is the media type of an answer in that format. Source: the getContentType methods of ClickHouse's output
// formats.
func contentType(format string) string {
	name := strings.ToLower(format)
	switch {
	case strings.HasPrefix(name, "tabseparated"), strings.HasPrefix(name, "tsv"), strings.HasPrefix(name, "raw"), name == "tskv":
		if name == "rawblob" {
			return textType
		}
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(name, "csvwithnames"):
		return "text/csv; charset=UTF-8; header=present"
	case name == "csv":
		return "text/csv; charset=UTF-8; header=absent"
	case name == "ndjson", name == "jsonlines", strings.HasPrefix(name, "json") && strings.Contains(name, "eachrow") && name != "jsonobjecteachrow":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(name, "json"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(name, "rowbinary"), binaryFormats[name]:
		return "application/octet-stream"
	case name == "xml":
		return "application/xml; charset=UTF-8"
	case name == "markdown":
		return "text/markdown; charset=UTF-8"
	default:
		return textType
	}
}

const textType = "text/plain; charset=UTF-8"

// binaryFormats are the binary formats whose names do not begin with RowBinary.
var binaryFormats = map[string]bool{
	"native": true, "parquet": true, "arrow": true, "arrowstream": true, "orc": true, "avro": true, "npy": true,
	"bsoneachrow": true, "msgpack": true, "protobuf": true, "protobufsingle": true, "protobuflist": true, "capnproto": true,
}
