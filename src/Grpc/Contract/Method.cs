namespace Grpc.Core;

/// <summary>A method as generated code describes it, without its message types.</summary>
public interface IMethod
{
    MethodType Type { get; }

    /// <summary>"package.Service".</summary>
    string ServiceName { get; }

    string Name { get; }

    /// <summary>"/package.Service/Method", the :path of its calls.</summary>
    string FullName { get; }
}

/// <summary>A method as generated code describes it.</summary>
public class Method<TRequest, TResponse>(
    MethodType type,
    string serviceName,
    string name,
    Marshaller<TRequest> requestMarshaller,
    Marshaller<TResponse> responseMarshaller) : IMethod
{
    public MethodType Type { get; } = type;

    public string ServiceName { get; } = serviceName;

    public string Name { get; } = name;

    public string FullName { get; } = $"/{serviceName}/{name}";

    public Marshaller<TRequest> RequestMarshaller { get; } = requestMarshaller;

    public Marshaller<TResponse> ResponseMarshaller { get; } = responseMarshaller;
}
