package operation

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/failure"
)

// errorBody is how an error reads on the wire.
type errorBody struct {
	Error   string         `json:"error"`
	Field   string         `json:"field,omitempty"`
	Details jsontext.Value `json:",embed"` //nolint:staticcheck // it knows the standard package's options only
}

// Fail is the answer that tells the caller of a failure. Doors use it for what
// never reaches an operation, such as a path that no operation has.
func Fail(f *failure.Error) Response {
	// A message may quote what the caller sent, which need not be UTF-8.
	said := errorBody{Error: f.Message, Field: f.Field}
	var err error
	if f.Details != nil {
		said.Details, err = json.Marshal(f.Details)
	}
	body, more := json.Marshal(said, jsontext.AllowInvalidUTF8(true))
	if err != nil || more != nil { // it is a few strings: there is nothing left to go wrong
		body = []byte(`{"error":"internal error"}`)
	}
	r := Response{Status: f.Code.HTTPStatus(), Header: jsonHeader(), Body: body}
	if f.RetryAfter > 0 {
		r.Header["Retry-After"] = strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds())))
	}
	return r
}

// Fail is Fail in the form that the operation's errors have.
func (o Operation) Fail(f *failure.Error) Response {
	if !o.namedErrors {
		return Fail(f)
	}
	return FailNamed(f)
}

// namedBody is how an error reads on the wire where errors have names.
type namedBody struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// FailNamed is Fail for a service whose errors have names: see NamedErrors.
func FailNamed(f *failure.Error) Response {
	said := namedBody{Error: nameOf(f), Message: f.Message}
	body, err := json.Marshal(said, jsontext.AllowInvalidUTF8(true))
	if err != nil { // it is two strings: there is nothing left to go wrong
		body = []byte(`{"error":"INTERNAL_ERROR","message":"internal error"}`)
	}
	r := Response{Status: f.Code.HTTPStatus(), Header: jsonHeader(), Body: body}
	if f.RetryAfter > 0 {
		r.Header["Retry-After"] = strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds())))
	}
	return r
}

// names are those of failures that have none of their own.
var names = map[failure.Code]string{
	failure.Internal:           "INTERNAL_ERROR",
	failure.Invalid:            "VALIDATION_ERROR",
	failure.Unauthorized:       "UNAUTHORIZED",
	failure.Refused:            "FORBIDDEN",
	failure.NotFound:           "NOT_FOUND",
	failure.Conflict:           "CONFLICT",
	failure.Gone:               "GONE",
	failure.PreconditionFailed: "PRECONDITION_FAILED",
	failure.TooLarge:           "PAYLOAD_TOO_LARGE",
	failure.Unprocessable:      "UNPROCESSABLE",
	failure.Busy:               "UNAVAILABLE",
	failure.Upstream:           "UPSTREAM_ERROR",
	failure.Timeout:            "TIMEOUT",
}

func nameOf(f *failure.Error) string {
	switch {
	case f.Name != "":
		return f.Name
	case f.Code == failure.Invalid && (f.Field == "" || f.Field == "body"):
		return "BAD_REQUEST"
	default:
		return names[f.Code]
	}
}

// TooLarge is the failure of a body above the operation's limit.
func (o Operation) TooLarge() *failure.Error {
	f := failure.New(failure.TooLarge, "the body is larger than %d bytes", o.MaxBody)
	if o.largeIsInvalid {
		f.Code, f.Field = failure.Invalid, "body"
	}
	return f
}

func jsonHeader() map[string]string { return map[string]string{"Content-Type": "application/json"} }
