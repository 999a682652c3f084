package nativeprotocol

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/nativeformat"
)

// Revisions of the native protocol. The server announces serverRevision, all of
// whose packets it knows; both sides then speak the lower of their revisions.
// Clients below oldestRevision (ClickHouse 18.12) do not know LowCardinality and
// are refused.
// Source: src/Core/ProtocolDefines.h of ClickHouse.
const (
	serverRevision = 54460
	oldestRevision = 54405
)

// Packets of the client for which ch-go has no name.
const (
	clientTablesStatus = uint64(proto.ClientTablesStatusRequest)
	clientKeepAlive    = 6
)

// Limits of a client's packets, in bytes or items.
const (
	maxGreetingBytes  = 1 << 16 // each text of the handshake
	maxSettings       = 1 << 12
	maxTables         = 1 << 16
	maxTextBytes      = 1 << 16 // a name, an id
	maxSettingBytes   = 1 << 20 // the value of a setting or parameter
	maxExternalTables = 1 << 12
)

// greeting is the client's Hello.
type greeting struct {
	client         string
	revision       int
	database       string
	user, password string
}

func readGreeting(in *nativeformat.Reader) (g greeting, err error) {
	if g.client, err = in.String(maxGreetingBytes); err != nil {
		return g, err
	}
	var numbers [3]uint64 // major, minor, revision
	for i := range numbers {
		if numbers[i], err = in.Uvarint(); err != nil {
			return g, err
		}
	}
	g.revision = int(min(numbers[2], serverRevision))
	for _, field := range []*string{&g.database, &g.user, &g.password} {
		if *field, err = in.String(maxGreetingBytes); err != nil {
			return g, err
		}
	}
	return g, nil
}

// request is the client's Query packet.
type request struct {
	id         string
	body       string
	settings   []setting
	parameters []setting
	complete   bool // the client wants the whole result, not a stage of it
	compressed bool
}

// setting is a name and its value as text. A setting that is not important may be
// unknown to the engine.
type setting struct {
	name, value string
	important   bool
}

// readRequest reads a Query packet after its code. encodings returns how a
// setting's value is encoded by clients that send settings in binary.
// Its text, settings and parameters have at most that many bytes together.
func readRequest(in *nativeformat.Reader, revision, most int, encodings func(name string) (settingEncoding, error)) (q request, err error) {
	if q.id, err = in.String(maxTextBytes); err != nil {
		return q, err
	}
	if err := skipClientInfo(in, revision); err != nil {
		return q, err
	}
	if proto.FeatureSettingsSerializedAsStrings.In(revision) {
		q.settings, err = readSettings(in, most)
	} else {
		q.settings, err = readBinarySettings(in, most, encodings)
	}
	if err != nil {
		return q, err
	}
	if proto.FeatureInterServerSecret.In(revision) {
		if _, err := in.String(maxTextBytes); err != nil {
			return q, err
		}
	}
	stage, err := in.Uvarint()
	if err != nil {
		return q, err
	}
	q.complete = stage == uint64(proto.StageComplete)
	compression, err := in.Uvarint()
	if err != nil {
		return q, err
	}
	q.compressed = compression != 0
	if q.body, err = in.String(uint64(most)); err != nil {
		return q, err
	}
	if proto.FeatureParameters.In(revision) {
		if q.parameters, err = readSettings(in, most-len(q.body)); err != nil {
			return q, err
		}
	}
	if size := len(q.body) + bytesOf(q.settings) + bytesOf(q.parameters); size > most {
		return q, tooManyBytes(most)
	}
	return q, nil
}

// skipClientInfo moves over what the client says about itself, which changes no
// answer.
func skipClientInfo(in *nativeformat.Reader, revision int) error {
	kind, err := in.Byte()
	if err != nil || kind == byte(proto.ClientQueryNone) {
		return err
	}
	r := infoSkipper{in: in}
	r.strings(3) // initial user, query id and address
	if proto.FeatureQueryStartTime.In(revision) {
		r.bytes(8)
	}
	if r.byte() == byte(proto.InterfaceHTTP) {
		r.httpInfo(revision)
	} else {
		r.strings(3) // user of the system, host and client names
		r.numbers(3) // version and revision
	}
	if proto.FeatureQuotaKeyInClientInfo.In(revision) {
		r.strings(1)
	}
	if proto.FeatureDistributedDepth.In(revision) {
		r.numbers(1)
	}
	if proto.FeatureVersionPatch.In(revision) && !r.http {
		r.numbers(1)
	}
	if proto.FeatureOpenTelemetry.In(revision) && r.byte() == 1 {
		r.bytes(16 + 8) // trace and span
		r.strings(1)    // state
		r.bytes(1)      // flags
	}
	if proto.FeatureParallelReplicas.In(revision) {
		r.numbers(3)
	}
	return r.err
}

// infoSkipper moves over the fields of client info until the first error.
type infoSkipper struct {
	in   *nativeformat.Reader
	http bool
	err  error
}

func (r *infoSkipper) strings(n int) {
	for range n {
		if r.err == nil {
			_, r.err = r.in.String(maxTextBytes)
		}
	}
}

func (r *infoSkipper) numbers(n int) {
	for range n {
		if r.err == nil {
			_, r.err = r.in.Uvarint()
		}
	}
}

func (r *infoSkipper) bytes(n uint64) {
	if r.err == nil {
		r.err = r.in.Skip(n)
	}
}

func (r *infoSkipper) byte() (b byte) {
	if r.err == nil {
		b, r.err = r.in.Byte()
	}
	return b
}

func (r *infoSkipper) httpInfo(revision int) {
	r.http = true
	r.bytes(1)   // method
	r.strings(1) // user agent
	if proto.FeatureXForwardedForInClientInfo.In(revision) {
		r.strings(1)
	}
	if proto.FeatureRefererInClientInfo.In(revision) {
		r.strings(1)
	}
}

var fieldEscapes = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00", `\b`, "\b", `\f`, "\f")

// unquoteField returns the value in ClickHouse's dump of a field, which is how
// query parameters and custom settings are sent: a text is quoted, other values
// have their type in front, such as UInt64_7.
func unquoteField(dump string) string {
	if inside, ok := strings.CutPrefix(dump, "'"); ok {
		if inside, ok = strings.CutSuffix(inside, "'"); ok {
			return fieldEscapes.Replace(inside)
		}
	}
	for _, kind := range []string{"UInt64_", "Int64_", "Float64_", "Bool_"} {
		if value, ok := strings.CutPrefix(dump, kind); ok {
			return value
		}
	}
	return dump
}
