package operation_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// order has a body with every kind of value that requests use.
type order struct {
	Endpoint string `path:"endpoint"`
	Lease    string `header:"Lease"`
	Body     struct {
		Resources []int64           `json:"resources"`
		TTL       int               `json:"ttl_ms"`
		Count     uint8             `json:"count"`
		Share     float64           `json:"share"`
		Owner     string            `json:"owner"`
		Force     bool              `json:"force"`
		Limits    struct{ Max int } `json:"limits"`
		States    map[string]string `json:"states"`
		Lines     []line            `json:"lines"`
	} `body:"json"`
}

type line struct {
	Text string `json:"text"`
}

func (o *order) Validate() error {
	if o.Body.Resources == nil {
		return failure.InvalidField("resources", "resources is missing: an array of integers, which may be empty")
	}
	return nil
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// refused are bodies that no order has, with what a person is told about them.
var refused = map[string]struct{ body, field, text string }{
	"a string for an integer":         {`{"resources":[1,2,"x"]}`, "resources[2]", "resources[2] must be an integer"},
	"a fraction for an integer":       {`{"resources":[1,2.5]}`, "resources[1]", "resources[1] must be an integer, without a fraction or an exponent"},
	"an integer with an exponent":     {`{"ttl_ms":1e3}`, "ttl_ms", "ttl_ms must be an integer, without a fraction or an exponent"},
	"an integer that overflows":       {`{"resources":[99999999999999999999]}`, "resources[0]", "resources[0] is out of range"},
	"2^63":                            {`{"ttl_ms":9223372036854775808}`, "ttl_ms", "ttl_ms is out of range"},
	"256 for a byte":                  {`{"count":256}`, "count", "count is out of range"},
	"-1 for a byte":                   {`{"count":-1}`, "count", "count must be an integer of 0 or more"},
	"a string for a number":           {`{"share":"1"}`, "share", "share must be a number"},
	"a number that overflows":         {`{"share":1e999}`, "share", "share is out of range"},
	"a number for a string":           {`{"owner":1}`, "owner", "owner must be a string"},
	"a number for true or false":      {`{"force":1}`, "force", "force must be true or false"},
	"a string for an array":           {`{"resources":"1"}`, "resources", "resources must be an array"},
	"an object for an array":          {`{"resources":{"0":1}}`, "resources", "resources must be an array"},
	"an array for an object":          {`{"limits":[]}`, "limits", "limits must be an object"},
	"a string for a map":              {`{"states":"x"}`, "states", "states must be an object"},
	"a wrong value in a map":          {`{"states":{"7":1}}`, "states[7]", "states[7] must be a string"},
	"a wrong value in a nameless one": {`{"states":{"":1}}`, `states.""`, `states."" must be a string`},
	"a wrong value deep inside":       {`{"lines":[{"text":"a"},{"text":false}]}`, "lines[1].text", "lines[1].text must be a string"},
	"null in an array":                {`{"resources":[1,null]}`, "resources[1]", "resources[1] must be an integer"},
	"null for an array":               {`{"resources":null}`, "resources", "resources is missing: an array of integers, which may be empty"},
	"an array left out":               {`{}`, "resources", "resources is missing: an array of integers, which may be empty"},
	"a name in another case":          {`{"Resources":[1]}`, "resources", "resources is missing: an array of integers, which may be empty"},
	"a name twice":                    {`{"resources":[1],"resources":[2]}`, "resources", "resources is there twice"},
	"an unknown name twice":           {`{"resources":[],"x":{"y":1,"y":1}}`, "x.y", "x.y is there twice"},
	"the empty name twice":            {`{"":1,"":1}`, `""`, `"" is there twice`},
	"a string that is no UTF-8":       {"{\"owner\":\"ab\xff\"}", "owner", "owner is not valid UTF-8 (at byte 12)"},
	"a name that is no UTF-8":         {"{\"\xff\":1}", "body", "body is not valid UTF-8 (at byte 2)"},
	"half a surrogate pair, in UTF-8": {"{\"owner\":\"\xed\xa0\x80\"}", "owner", "owner is not valid UTF-8 (at byte 10)"},
	"half a surrogate pair, escaped":  {`{"owner":"\ud800"}`, "owner", "owner is not valid JSON (at byte 10)"},
	"a line break in a string":        {"{\"owner\":\"a\nb\"}", "owner", "owner is not valid JSON (at byte 11)"},
	"a body that is empty":            {"", "body", "body is empty; it must be JSON"},
	"a body of white space":           {" \r\n\t", "body", "body is empty; it must be JSON"},
	"null for the body":               {"null", "body", "body must be an object"},
	"an array for the body":           {"[]", "body", "body must be an object"},
	"a string for the body":           {`"{}"`, "body", "body must be an object"},
	"a byte-order mark":               {"\ufeff{}", "body", "body begins with a byte-order mark; send it without one"},
	"trailing garbage":                {`{"resources":[]} x`, "body", "body is not valid JSON (at byte 17)"},
	"two values":                      {`{"resources":[]}{}`, "body", "body is not valid JSON (at byte 16)"},
	"a body that breaks off":          {`{"resources":[1,2`, "resources", "resources is not valid JSON (at byte 17)"},
	"a comma too many":                {`{"resources":[1,]}`, "resources", "resources is not valid JSON (at byte 15)"},
	"single quotes":                   {`{'resources':[]}`, "body", "body is not valid JSON (at byte 1)"},
	"NaN":                             {`{"share":NaN}`, "share", "share is not valid JSON (at byte 9)"},
	"2,000 nested brackets":           {nested(2000), "body", "body must be an object"},
	"2,000 nested brackets inside":    {`{"resources":` + nested(2000) + `}`, "resources[0]", "resources[0] must be an integer"},
	"20,000 nested brackets": {
		// deeper than the JSON package goes; what is sent back stays short
		`{"x":` + nested(20000) + `}`, "x" + strings.Repeat("[0]", 33) + "…", "x" + strings.Repeat("[0]", 33) + "… is not valid JSON (at byte 10004)",
	},
	"a name of 1,000 bytes": {
		`{"states":{"` + strings.Repeat("é", 500) + `":1}}`, "states." + strings.Repeat("é", 46) + "…", "states." + strings.Repeat("é", 46) + "… must be a string",
	},
}

func TestBindSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in order
			err := operation.Bind(operation.Request{Body: []byte(c.body)}, &in)
			var f *failure.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, failure.Invalid, f.Code)
			require.Equal(t, c.text, f.Message)
			require.Equal(t, c.field, f.Field)
		})
	}
}

func TestBindTakes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"an empty array":                 `{"resources":[]}`,
		"unknown names":                  `{"resources":[],"new":{"a":[1,{"b":null}]}}`,
		"an unknown name, deeply nested": `{"resources":[],"new":` + nested(2000) + `}`,
		"a name in two cases":            `{"resources":[],"Resources":1}`,
		"the largest integer":            `{"resources":[9223372036854775807,-9223372036854775808]}`,
		"minus zero":                     `{"resources":[-0]}`,
		"null for what may be left out":  `{"resources":[],"owner":null,"ttl_ms":null}`,
		"white space all around":         " \r\n{ \"resources\" : [ ] }\t",
		"a byte-order mark in a string":  "{\"resources\":[],\"owner\":\"\ufeff\"}",
		"a surrogate pair, escaped":      `{"resources":[],"owner":"\ud83d\ude00"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in order
			require.NoError(t, operation.Bind(operation.Request{Body: []byte(body)}, &in))
		})
	}
}

func TestBindFillsEveryField(t *testing.T) {
	t.Parallel()
	var in order
	require.NoError(t, operation.Bind(operation.Request{
		Path:   map[string]string{"endpoint": "a", "other": "b"},
		Header: map[string]string{"lease": "secret"},
		Body:   []byte(`{"resources":[3,1],"ttl_ms":100,"owner":"me","force":true,"states":{"7":"on"},"lines":[{"text":"é"}]}`),
	}, &in))
	var want order
	want.Endpoint, want.Lease = "a", "secret"
	want.Body.Resources, want.Body.TTL, want.Body.Owner, want.Body.Force = []int64{3, 1}, 100, "me", true
	want.Body.States, want.Body.Lines = map[string]string{"7": "on"}, []line{{Text: "é"}}
	require.Equal(t, want, in)
}

// checked is a request that its own code refuses, for a reason of its own.
type checked struct {
	Name string `path:"name"`
}

var errTooLate = errors.New("too late")

func (c checked) Validate() error {
	if c.Name != "good" {
		return errTooLate
	}
	return nil
}

func TestBindAsksTheValidatorOnceAllIsFilled(t *testing.T) {
	t.Parallel()
	request := func(name string) operation.Request { return operation.Request{Path: map[string]string{"name": name}} }
	require.NoError(t, operation.Bind(request("good"), new(checked)))
	require.ErrorIs(t, operation.Bind(request("bad"), new(checked)), errTooLate)
}

func FuzzBind(f *testing.F) {
	for _, c := range refused {
		f.Add([]byte(c.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in order
		err := operation.Bind(operation.Request{Body: body}, &in)
		if err == nil {
			require.True(t, utf8.Valid(body), "what is no UTF-8 is no JSON")
			return
		}
		var refusal *failure.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, failure.Invalid, refusal.Code)
		require.NotEmpty(t, refusal.Field)
		require.True(t, strings.HasPrefix(refusal.Message, refusal.Field+" "), "%q is not about %q", refusal.Message, refusal.Field)
		require.Less(t, len(refusal.Message), 200, "it does not send back what it was sent")
		require.True(t, utf8.ValidString(refusal.Message))
	})
}

// asked is a request that is read in the other ways.
type asked struct {
	Caller string `caller:""`
	Signer string `signer:""`
	Cursor string `query:"cursor"`
	Limit  *int64 `query:"limit"`
	Body   []byte `body:"raw"`
}

func TestBindTakesWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	var in asked
	require.NoError(t, operation.Bind(operation.Request{
		Caller: "203.0.113.7", Signer: "somebody", Query: map[string]string{"cursor": "VHV4"}, Body: []byte("{no JSON"),
	}, &in))
	require.Equal(t, asked{Caller: "203.0.113.7", Signer: "somebody", Cursor: "VHV4", Body: []byte("{no JSON")}, in)
}

func TestBindOfABodyThatMayBeMissing(t *testing.T) {
	t.Parallel()
	type optional struct {
		Body struct {
			Quantity *int64 `json:"quantity"`
		} `body:"json,optional"`
	}
	for _, body := range []string{"", " \r\n"} {
		var in optional
		require.NoError(t, operation.Bind(operation.Request{Body: []byte(body)}, &in))
		require.Nil(t, in.Body.Quantity)
	}
	var in optional
	require.NoError(t, operation.Bind(operation.Request{Body: []byte(`{"quantity":2}`)}, &in))
	require.Equal(t, int64(2), *in.Body.Quantity)
	for _, body := range []string{"null", "[]", "x"} {
		require.Equal(t, failure.Invalid, failure.Of(operation.Bind(operation.Request{Body: []byte(body)}, &in)).Code, body)
	}
}
