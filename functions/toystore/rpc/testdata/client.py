"""Calls toystore.v1.ToyStore with Python's grpcio, knowing of it only what the server's
reflection says.

    client.py HOST:PORT

Each line of stdin is a method and its request in JSON, as in `Query {"name": "Tux"}`. Each
answer is a line of JSON: the response, or the error's code and message.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "toystore.v1.ToyStore"


def stub(channel, method):
    """What a generated stub would have, made from the method's descriptor."""
    return channel.unary_unary(
        f"/{SERVICE}/{method.name}",
        request_serializer=message_factory.GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )


def call(channel, method, request):
    message = json_format.ParseDict(request, message_factory.GetMessageClass(method.input_type)())
    try:
        answer = stub(channel, method)(message, timeout=10)
    except grpc.RpcError as e:
        return {"code": e.code().name, "message": e.details()}
    return json_format.MessageToDict(answer)


def main():
    with grpc.insecure_channel(sys.argv[1]) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        if SERVICE not in database.get_services():
            sys.exit(f"reflection does not list {SERVICE}")
        service = descriptor_pool.DescriptorPool(database).FindServiceByName(SERVICE)
        for line in sys.stdin:
            method, request = line.split(" ", 1)
            print(json.dumps(call(channel, service.methods_by_name[method], json.loads(request))))


if __name__ == "__main__":
    main()
