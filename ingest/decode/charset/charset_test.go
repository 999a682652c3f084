package charset_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/charset"
)

func encode(t testing.TB, text, encoding string) []byte {
	t.Helper()
	var b []byte
	var err error
	switch encoding {
	case "GB18030":
		b, err = simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	case "UTF-16 little-endian":
		b, err = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	case "UTF-16 big-endian":
		b, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	default:
		b = []byte(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var none = charset.Hints{Known: func(string) bool { return false }}

func TestDecode(t *testing.T) {
	for _, text := range []string{
		"指标,数值\n地区生产总值,850.2\n", "a,b\n备注一,1\n", "元,1\n家,2\n单位：亿元\n", "note,说明：①②③，“引号”—…\n1,2\n", "㐀,𠀀,1,2,3,4,5,6,7,8,9,中文中文中文中文\n",
	} {
		for _, encoding := range []string{"UTF-8", "GB18030", "UTF-16 little-endian", "UTF-16 big-endian"} {
			got, err := charset.Decode(encode(t, text, encoding), none)
			if err != nil || got.Text != text || !strings.HasPrefix(got.EncodingEN, encoding) || got.EncodingZH == "" {
				t.Errorf("%q in %s: got %q in %q, %v", text, encoding, got.Text, got.EncodingEN, err)
			}
		}
	}
}

// The bytes of Ԫ and ú in UTF-8 are 元 and 煤 in GB18030.
func TestDecodeWhatFitsTwice(t *testing.T) {
	for _, test := range []struct{ name, text, declared, known, want string }{
		{"letters that nobody writes here", "value,unit\n1,元\n", "", "", "GB18030"},
		{"accents beside letters", "value,note\n1,caf\u00e9\n", "", "", "UTF-8"},
		{"a known word", "value,note\n1,煤\n", "", "煤", "GB18030"},
		{"as declared", "value,note\n1,煤\n", "GB2312", "", "GB18030"},
		{"a question", "value,note\n1,煤\n", "", "", ""},
	} {
		data := encode(t, test.text, "GB18030")
		if test.want == "UTF-8" {
			data = []byte(test.text)
		}
		got, err := charset.Decode(data, charset.Hints{Declared: test.declared, Known: func(cell string) bool { return cell == test.known }})
		if test.want == "" {
			if p, ok := errors.AsType[*catalogue.Problem](err); !ok || p.Code != charset.Ambiguous {
				t.Errorf("%s: want a question, got %v", test.name, err)
			}
			continue
		}
		if err != nil || !strings.HasPrefix(got.EncodingEN, test.want) {
			t.Errorf("%s: want %s, got %+v, %v", test.name, test.want, got, err)
		}
	}
}

// FuzzDecode gives the text back that an encoding had, or an error; never another one.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{"指标,数值\n地区生产总值,850.2\n", "a,元\n", "caf\u00e9", "\uFEFFa", "一\n"} {
		for _, encoding := range []string{"UTF-8", "GB18030", "UTF-16 little-endian"} {
			f.Add(encode(f, text, encoding))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := charset.Decode(data, none)
		if err != nil {
			if p, ok := errors.AsType[*catalogue.Problem](err); !ok || p.ZH == "" || p.EN == "" {
				t.Fatalf("want a problem in both languages, got %v", err)
			}
			return
		}
		name, _, _ := strings.Cut(got.EncodingEN, " (")
		for _, mark := range []string{"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"} {
			if rest, marked := strings.CutPrefix(string(data), mark); marked {
				data = []byte(rest)
				break // what follows a mark is text, also where it looks like another mark
			}
		}
		if again := encode(t, got.Text, name); string(again) != string(data) {
			t.Fatalf("% x reads as %q in %s, which is % x", data, got.Text, name, again)
		}
	})
}
